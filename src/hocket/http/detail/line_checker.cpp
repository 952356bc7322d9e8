// read_byte() has the rules. A line that comes whole and has no tab, as most do, is asked for all of them at once, which takes a
// tenth of the time; only one that does not pass is read byte by byte, to find what breaks a rule first.

#include <algorithm>

#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/line_checker.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::size_t free_bytes_per_line = 20;

constexpr bool is_whitespace(char c) noexcept { return c == ' ' || c == '\t'; }

bool is_proper_line(std::string_view line) noexcept {
  if (!line.ends_with("\r\n") || is_whitespace(line.front())) return false;
  line.remove_suffix(2);
  return !has_control(line);
}

}  // namespace

void line_checker::read(std::string_view bytes) {
  total_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const auto line = bytes.substr(0, std::min(bytes.find('\n'), bytes.size() - 1) + 1);
    bytes.remove_prefix(line.size());
    if (!take_whole(line)) {
      for (const char c : line) read_byte(c);
    }
  }
}

/// Takes a line if all of it is there and breaks no rule.
bool line_checker::take_whole(std::string_view line) noexcept {
  const auto overhead = std::max(line.size(), free_bytes_per_line) - free_bytes_per_line;
  if (column_ != 0 || overhead > max_overhead_bytes_ - overhead_bytes_ || !is_proper_line(line)) return false;
  overhead_bytes_ += overhead;
  return true;
}

void line_checker::read_byte(char c) {
  if ((previous_ == '\r') != (c == '\n')) throw bad_message("a line that does not end in CRLF");
  if (column_ == 0 && is_whitespace(c)) throw bad_message("a line that begins with whitespace");
  if (is_control(c) && c != '\t' && c != '\r' && c != '\n') throw bad_message("a control character");
  if (++column_ > free_bytes_per_line && ++overhead_bytes_ > max_overhead_bytes_) {
    throw bad_message("more than " + in_words(max_overhead_bytes_) + " of chunk extensions and trailers");
  }
  if (c == '\n') column_ = 0;
  previous_ = c;
}

}  // namespace hocket::http::detail
