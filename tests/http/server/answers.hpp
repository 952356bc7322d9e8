#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <http/running_server.hpp>

namespace hocket::testing {

/// A request of HTTP/1.1 as bytes; `fields` are lines that end in CRLF.
inline std::string request_of(std::string_view method, std::string_view target, std::string_view fields = {},
                              std::string_view body = {}) {
  const std::string length = body.empty() ? "" : fmt::format("Content-Length: {}\r\n", body.size());
  return fmt::format("{} {} HTTP/1.1\r\nHost: x\r\n{}{}\r\n{}", method, target, length, fields, body);
}

/// The value of the first field of that name in an answer; "-" without one.
inline std::string field_of(std::string_view answer, std::string_view name) {
  const std::string_view head = answer.substr(0, answer.find("\r\n\r\n") + 2);
  const std::string start = fmt::format("\r\n{}: ", name);
  const std::size_t at = head.find(start);
  if (at == std::string_view::npos) return "-";
  const std::string_view rest = head.substr(at + start.size());
  return std::string(rest.substr(0, rest.find("\r\n")));
}

/// The body of an answer, without the framing of chunks.
inline std::string whole_body_of(std::string_view answer) {
  std::string_view left = body_of(answer);
  if (field_of(answer, "Transfer-Encoding") != "chunked") return std::string(left);
  std::string content;
  for (;;) {
    std::size_t size = 0;
    std::from_chars(left.data(), left.data() + left.size(), size, 16);
    const std::size_t start = left.find("\r\n");
    if (size == 0 || start == std::string_view::npos) return content;
    content += left.substr(start + 2, size);
    left = left.substr(std::min(left.size(), start + 2 + size + 2));
  }
}

}  // namespace hocket::testing
