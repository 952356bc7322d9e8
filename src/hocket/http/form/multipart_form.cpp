#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/form/multipart_form.hpp>
#include <hocket/http/form/multipart_parser.hpp>

namespace hocket::http {
namespace {

// What is longer is sent from where it is.
constexpr std::size_t longest_joined_text = 16 * 1024;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "%22";
        break;
      case '\r':
        result += "%0D";
        break;
      case '\n':
        result += "%0A";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string content_type_of(const std::string& boundary) {
  return "multipart/form-data; boundary=" + (detail::is_token(boundary) ? boundary : quoted_string(boundary));
}

std::size_t size_of_last_delimiter(const std::string& boundary) noexcept { return boundary.size() + 6; }  // "--B--\r\n"

}  // namespace

std::string make_boundary(random_source& random) {
  const auto first = random();
  const auto second = random();
  return fmt::format("----hocket{:016x}{:016x}", first, second);
}

multipart_form::multipart_form(std::string boundary) : boundary_(std::move(boundary)) {
  if (multipart_boundary(content_type_of(boundary_)) != boundary_)
    throw error("that is no boundary of a multipart content");
}

void multipart_form::add(std::string_view name, body content, const form_part_options& options) {
  text_ += front_of(name, options);
  if (const auto bytes = content.in_memory(); bytes && bytes->size() <= longest_joined_text) {
    text_ += *bytes;
  } else {
    pieces_.emplace_back(std::exchange(text_, {}));
    pieces_.push_back(std::move(content));
  }
  text_ += "\r\n";
}

std::string multipart_form::content_type() const { return content_type_of(boundary_); }

std::optional<std::uint64_t> multipart_form::content_length() const noexcept {
  std::uint64_t sum = text_.size() + size_of_last_delimiter(boundary_);
  for (const body& piece : pieces_) {
    const auto length = piece.length();
    if (!length) return std::nullopt;
    sum += *length;
  }
  return sum;
}

body multipart_form::content() && {
  text_.append("--").append(boundary_).append("--\r\n");
  if (pieces_.empty()) return std::move(text_);
  pieces_.emplace_back(std::move(text_));
  return body::sequence(std::move(pieces_));
}

std::string multipart_form::front_of(std::string_view name, const form_part_options& options) const {
  std::string front = fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"", boundary_, escaped(name));
  if (options.filename) front += fmt::format("; filename=\"{}\"", escaped(*options.filename));
  front += "\r\n";
  if (options.content_type || options.filename) {
    const std::string type = options.content_type.value_or("application/octet-stream");
    if (!detail::is_field_value(type)) throw error("the content type of a part has a control character");
    front += fmt::format("Content-Type: {}\r\n", type);
  }
  return front + "\r\n";
}

}  // namespace hocket::http
