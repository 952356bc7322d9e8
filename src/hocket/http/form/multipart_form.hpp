#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/body.hpp>
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

/// A form on its way to a server, as `multipart/form-data`: parts that are texts, files, or anything else that can be a body. Owns what it
/// is given.
///
/// Names and filenames are written as browsers do it: `"`, CR and LF become `%22`, `%0D` and `%0A`, all other bytes
/// stay, which should be UTF-8. Source: RFC 7578; WHATWG HTML, "multipart/form-data encoding algorithm". Counterpart:
/// aiohttp.FormData.
class multipart_form {
 public:
  /// Throws hocket::error if that is no boundary. No content may have it within: see `make_boundary`.
  explicit multipart_form(std::string boundary);

  /// A part. Throws hocket::error if the content type cannot be the value of a field.
  ///
  ///     form.add("title", "Holidays");
  ///     form.add("picture", body::of_file(co_await file::open(path)), {.filename = "beach.jpg"});
  void add(std::string_view name, body content, const form_part_options& options = {});

  /// `multipart/form-data; boundary=...`
  [[nodiscard]] std::string content_type() const;

  /// Of the whole content, if the sizes of all parts are known.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

  /// All parts, as one body: it knows its length, and can be repeated, if all of them do; files go as `body::of_file` does.
  [[nodiscard]] body content() &&;

 private:
  [[nodiscard]] std::string front_of(std::string_view name, const form_part_options& options) const;

  std::string boundary_;
  std::vector<body> pieces_;
  std::string text_;  // what follows these
};

}  // namespace hocket::http
