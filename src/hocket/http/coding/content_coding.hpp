#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

namespace hocket::http {

/// How the bytes of a content were made smaller for the way. Source: RFC 9110, 8.4.1; RFC 7932 (br); RFC 8878 (zstd).
enum class content_coding : unsigned char { identity, gzip, deflate, br, zstd };

/// "gzip", as fields say it; static.
[[nodiscard]] std::string_view to_string(content_coding coding) noexcept;

/// The coding of that name, case ignored; `x-gzip` is gzip. Nothing for one that hocket does not know.
[[nodiscard]] std::optional<content_coding> content_coding_named(std::string_view name) noexcept;

/// As many codings one on top of the other are undone: nobody needs more, and each multiplies what a bomb may do.
inline constexpr std::size_t most_codings = 2;

enum class content_encoding_error : unsigned char {
  malformed,  ///< no list of tokens
  unknown,    ///< a coding that hocket cannot undo; a server answers 415
  too_many,   ///< more than `most_codings`
};

/// Reads a `Content-Encoding`, of which several fields are joined by commas before: the codings in the order in which
/// they were applied, to be undone from the last to the first. `identity` is left out.
[[nodiscard]] std::expected<std::vector<content_coding>, content_encoding_error> parse_content_encoding(
    std::string_view field);

}  // namespace hocket::http
