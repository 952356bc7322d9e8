#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/form/multipart_form.hpp>
#include <hocket/http/form/multipart_parser.hpp>

namespace hocket::http {
namespace {

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

std::string last_delimiter(const std::string& boundary) { return "--" + boundary + "--\r\n"; }

}  // namespace

std::string make_boundary(random_source& random) {
  const auto first = random();
  const auto second = random();
  return fmt::format("----hocket{:016x}{:016x}", first, second);
}

multipart_form::multipart_form(std::string boundary)
    : boundary_(std::move(boundary)), length_(last_delimiter(boundary_).size()) {
  if (multipart_boundary(content_type_of(boundary_)) != boundary_)
    throw error("that is no boundary of a multipart content");
}

void multipart_form::add(std::string_view name, std::string value, const form_part_options& options) {
  part added{front_of(name, options)};
  added.front.append(value).append("\r\n");
  lengthen(added.front.size());
  parts_.push_back(std::move(added));
}

void multipart_form::add_stream(std::string_view name, async_generator<std::string> pieces,
                                const form_part_options& options, std::optional<std::uint64_t> size_bytes) {
  part added{front_of(name, options), true, size_bytes};
  streams_.push_back(std::move(pieces));
  lengthen(size_bytes ? std::optional(*size_bytes + added.front.size() + 2) : std::nullopt);
  parts_.push_back(std::move(added));
}

std::string multipart_form::content_type() const { return content_type_of(boundary_); }

async_generator<std::string> multipart_form::pieces() && {
  return run(std::move(parts_), std::move(streams_), last_delimiter(boundary_));
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

void multipart_form::lengthen(std::optional<std::uint64_t> size) noexcept {
  if (length_ && size)
    *length_ += *size;
  else
    length_.reset();
}

async_generator<std::string> multipart_form::run(std::vector<part> parts,
                                                 std::vector<async_generator<std::string>> streams, std::string back) {
  auto stream = streams.begin();
  for (part& at : parts) {
    co_yield std::move(at.front);
    if (!at.is_stream) continue;
    std::uint64_t given = 0;
    while (auto piece = co_await stream->next()) {
      given += piece->size();
      if (at.size_bytes && given > *at.size_bytes) throw error("a part of a form is larger than was said");
      if (!piece->empty()) co_yield std::move(*piece);
    }
    if (at.size_bytes && given < *at.size_bytes) throw error("a part of a form is smaller than was said");
    ++stream;
    co_yield std::string("\r\n");
  }
  co_yield std::move(back);
}

}  // namespace hocket::http
