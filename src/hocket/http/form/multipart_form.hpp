#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/loop/random_source.hpp>

namespace hocket::http {

/// What a part of a form says of itself besides its name.
struct form_part_options {
  /// As the other side sees it; with one the part is a file to it.
  std::optional<std::string> filename{};
  /// Its `Content-Type`; of a file `application/octet-stream` if nothing else is said.
  std::optional<std::string> content_type{};
};

/// A boundary that no content has within but by malice or by a chance of 2^-128.
[[nodiscard]] std::string make_boundary(random_source& random);

/// A form on its way to a server, as `multipart/form-data`: fields of text, contents in memory, and contents that come
/// piece by piece, of files or of anything else. Owns what it is given.
///
/// Names and filenames are written as browsers do it: `"`, CR and LF become `%22`, `%0D` and `%0A`, all other bytes
/// stay, which should be UTF-8. Source: RFC 7578; WHATWG HTML, "multipart/form-data encoding algorithm". Counterpart:
/// aiohttp.FormData.
class multipart_form {
 public:
  /// Throws hocket::error if that is no boundary. No content may have it within: see `make_boundary`.
  explicit multipart_form(std::string boundary);

  /// A part whose content is `value`. Throws hocket::error if the content type cannot be the value of a field.
  void add(std::string_view name, std::string value, const form_part_options& options = {});

  /// A part whose content is all that `pieces` gives; of `size_bytes`, if that is known. Throws as `add`.
  void add_stream(std::string_view name, async_generator<std::string> pieces, const form_part_options& options = {},
                  std::optional<std::uint64_t> size_bytes = std::nullopt);

  /// `multipart/form-data; boundary=...`
  [[nodiscard]] std::string content_type() const;

  /// Of the whole content, if the sizes of all parts are known.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return length_; }

  /// The content, once, piece by piece. A generator that gives more or less than was said ends it with hocket::error,
  /// as the content can then not become right any more. Closes the generators that it was given; throws what they
  /// throw.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER async_generator<std::string> pieces() &&;

 private:
  struct part {
    std::string front;  // delimiter and fields; the whole part, if its content is in memory
    bool is_stream = false;
    std::optional<std::uint64_t> size_bytes{};
  };

  [[nodiscard]] std::string front_of(std::string_view name, const form_part_options& options) const;
  void lengthen(std::optional<std::uint64_t> size) noexcept;
  static async_generator<std::string> run(std::vector<part> parts, std::vector<async_generator<std::string>> streams,
                                          std::string back);

  std::string boundary_;
  std::vector<part> parts_;
  std::vector<async_generator<std::string>> streams_;
  std::optional<std::uint64_t> length_;
};

}  // namespace hocket::http
