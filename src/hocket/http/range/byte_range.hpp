#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::http {

/// Some bytes of a content, one at least.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
  friend bool operator==(const byte_range&, const byte_range&) = default;
};

struct range_limits {
  /// More are no honest wish: RFC 9110, 14.2 and 17.15.
  std::size_t ranges = 100;
  /// Ranges with a gap of no more between them become one, as each part of a multipart content costs as much.
  std::uint64_t gap_bytes = 80;
};

enum class range_failure : unsigned char {
  ignored,        ///< malformed, not in bytes, or too many: answer as if there had been none
  unsatisfiable,  ///< none of them lies within the content: answer 416
};

/// The bytes of a content of `size` bytes that a `Range` asks for: those that overlap or nearly so are one, in the
/// order in which the first of each was asked for; ranges beyond the end are left out. So their sum is never more than
/// `size`.
/// Source: RFC 9110, 14.1.1, 14.1.2 and 14.2.
[[nodiscard]] std::expected<std::vector<byte_range>, range_failure> parse_range(std::string_view field,
                                                                                std::uint64_t size,
                                                                                range_limits limits = {});

/// What a `Content-Range` says. Source: RFC 9110, 14.4.
struct content_range {
  std::optional<byte_range> range;    ///< nothing in an answer 416
  std::optional<std::uint64_t> size;  ///< of the whole content, if it is known
  friend bool operator==(const content_range&, const content_range&) = default;
};

/// Reads it; nothing if it is malformed, not in bytes, or says neither.
[[nodiscard]] std::optional<content_range> parse_content_range(std::string_view field);

/// `bytes 0-499/1234`, `bytes 0-499/*`, `bytes */1234`.
[[nodiscard]] std::string format_content_range(const content_range& range);

}  // namespace hocket::http
