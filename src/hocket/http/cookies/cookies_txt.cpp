#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include <hocket/http/cookies/cookies_txt.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/io/write_file.hpp>

namespace hocket::http {
namespace {

using std::chrono::sys_seconds;

constexpr std::string_view http_only_mark = "#HttpOnly_";
constexpr std::size_t most_file_bytes = std::size_t{16} << 20;
// The last that seconds since 1970 can say within the calendar of <chrono>, and far beyond what any jar keeps.
constexpr std::int64_t last_second = std::int64_t{1} << 40;

/// The value is the last field, and may have tabs itself.
std::optional<std::array<std::string_view, 7>> fields_of(std::string_view line) noexcept {
  std::array<std::string_view, 7> fields;
  for (std::size_t at = 0; at < 6; ++at) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos && at < 5) return std::nullopt;  // some leave out a value that is empty
    fields[at] = line.substr(0, tab);
    line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  }
  fields[6] = line;
  return fields;
}

std::optional<bool> truth_of(std::string_view field) noexcept {
  if (detail::equal_ignoring_case(field, "TRUE")) return true;
  if (detail::equal_ignoring_case(field, "FALSE")) return false;
  return std::nullopt;
}

std::optional<cookie> cookie_of(std::string_view line, sys_seconds now) {
  cookie made;
  made.http_only = line.starts_with(http_only_mark);
  if (made.http_only) line.remove_prefix(http_only_mark.size());
  const auto fields = fields_of(line);
  if (!fields) return std::nullopt;
  const auto [domain, below, path, secure, expires, name, value] = *fields;
  const auto is_for_below = truth_of(below);
  const auto is_secure = truth_of(secure);
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (!is_for_below || !is_secure || failure != std::errc() || end != expires.data() + expires.size())
    return std::nullopt;

  made.domain = detail::lower_case(domain.starts_with('.') ? domain.substr(1) : domain);
  made.host_only = !*is_for_below;
  made.path = path;
  made.secure = *is_secure;
  if (seconds != 0) made.expires = sys_seconds(std::chrono::seconds(std::clamp(seconds, -last_second, last_second)));
  made.name = name;
  made.value = value;
  made.created = made.last_access = now;
  return made;
}

}  // namespace

std::size_t parse_cookies_txt(std::string_view text, cookie_jar& into, sys_seconds now) {
  std::size_t passed_over = 0;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (detail::trim(line).empty() || (line.starts_with('#') && !line.starts_with(http_only_mark))) continue;
    auto made = cookie_of(line, now);
    if (made && made->expires && *made->expires <= now) continue;
    if (!made || !into.add(std::move(*made))) ++passed_over;
  }
  return passed_over;
}

std::string format_cookies_txt(const cookie_jar& jar, sys_seconds now, cookies_txt_options options) {
  std::string text = "# Netscape HTTP Cookie File\n# Written by hocket. Whoever can read this file can be you.\n\n";
  for (const cookie& at : jar.all()) {
    if (at.expires ? *at.expires <= now : !options.session_cookies) continue;
    if (at.name.find('\t') != std::string::npos || at.path.find('\t') != std::string::npos) continue;
    text += fmt::format("{}{}{}\t{}\t{}\t{}\t{}\t{}\t{}\n", at.http_only ? http_only_mark : "", at.host_only ? "" : ".",
                        at.domain, at.host_only ? "FALSE" : "TRUE", at.path, at.secure ? "TRUE" : "FALSE",
                        at.expires ? at.expires->time_since_epoch().count() : 0, at.name, at.value);
  }
  return text;
}

coro<std::size_t> load_cookies(std::string path, cookie_jar& into, sys_seconds now) {
  const std::string text = co_await read_file(std::move(path), most_file_bytes);
  co_return parse_cookies_txt(text, into, now);
}

coro<void> save_cookies(std::string path, const cookie_jar& jar, sys_seconds now, cookies_txt_options options) {
  const std::string text = format_cookies_txt(jar, now, options);
  replace_file_options secret;
  secret.permissions = 0600;
  co_await replace_file(std::move(path), text, secret);
}

}  // namespace hocket::http
