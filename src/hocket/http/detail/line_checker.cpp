#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/line_checker.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {

void line_checker::read(std::string_view bytes) {
  constexpr std::size_t free_bytes_per_line = 20;
  for (const char c : bytes) {
    if ((previous_ == '\r') != (c == '\n')) throw bad_message("a line that does not end in CRLF");
    if (column_ == 0 && (c == ' ' || c == '\t')) throw bad_message("a line that begins with whitespace");
    if (is_control(c) && c != '\t' && c != '\r' && c != '\n') throw bad_message("a control character");
    if (++column_ > free_bytes_per_line) ++excess_bytes_;
    if (c == '\n') column_ = 0;
    previous_ = c;
  }
  total_bytes_ += bytes.size();
}

}  // namespace hocket::http::detail
