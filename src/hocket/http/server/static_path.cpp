// A target is cut at its own slashes first and decoded after, segment by segment, and what a segment may contain is
// asked of the decoded bytes: no spelling of `..` or of a slash can then pass as something else.

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/static_path.hpp>

namespace hocket::http {
namespace {

constexpr int bad_request = 400;
constexpr int not_found = 404;

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (detail::to_lower(c) >= 'a' && detail::to_lower(c) <= 'f') return detail::to_lower(c) - 'a' + 10;
  return -1;
}

/// Appends the decoded segment to the path; returns 0, or the status code that refuses it.
int append_decoded(std::string& path, std::string_view segment) {
  const auto begin = path.size();
  for (std::size_t at = 0; at < segment.size(); ++at) {
    char c = segment[at];
    if (c == '%') {
      if (segment.size() - at < 3) return bad_request;
      const int high = hex_value(segment[at + 1]);
      const int low = hex_value(segment[at + 2]);
      if (high < 0 || low < 0) return bad_request;
      c = static_cast<char>(high * 16 + low);
      at += 2;
    }
    if (detail::is_control(c)) return bad_request;
    if (c == '/' || c == '\\') return not_found;
    path.push_back(c);
  }
  const auto decoded = std::string_view(path).substr(begin);
  return decoded == "." || decoded == ".." ? bad_request : 0;
}

}  // namespace

std::expected<std::string, int> static_path(std::string_view target) {
  if (!target.starts_with('/')) return std::unexpected(bad_request);
  auto rest = target.substr(1, target.find_first_of("?#") - 1);

  std::string path;
  path.reserve(rest.size());
  while (!rest.empty()) {
    const auto segment = rest.substr(0, rest.find('/'));
    const bool slash_follows = segment.size() < rest.size();
    rest.remove_prefix(segment.size() + (slash_follows ? 1 : 0));
    if (segment.empty()) continue;
    if (const int refusal = append_decoded(path, segment)) return std::unexpected(refusal);
    if (slash_follows) path.push_back('/');
  }
  return path;
}

}  // namespace hocket::http
