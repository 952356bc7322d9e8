#include <array>

#include <hocket/http/cookies/cookie_date.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http {
namespace {

using namespace std::chrono;

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr bool is_delimiter(char c) noexcept {
  return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

/// A number of `least` to `most` digits at the front, which no further digit follows.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most) noexcept {
  int value = 0;
  std::size_t size = 0;
  for (; size < text.size() && is_digit(text[size]); ++size) {
    if (size == most) return std::nullopt;
    value = value * 10 + (text[size] - '0');
  }
  if (size < least) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

/// `08:49:37`, and whatever follows. Hours that no clock shows are for the caller to refuse.
std::optional<std::array<int, 3>> time_of(std::string_view token) noexcept {
  std::array<int, 3> parts{};
  for (std::size_t at = 0; at < parts.size(); ++at) {
    if (at > 0) {
      if (!token.starts_with(':')) return std::nullopt;
      token.remove_prefix(1);
    }
    const auto number = take_number(token, 1, 2);
    if (!number) return std::nullopt;
    parts[at] = *number;
  }
  return parts;
}

std::optional<unsigned> month_of(std::string_view token) noexcept {
  static constexpr std::array<std::string_view, 12> names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                             "jul", "aug", "sep", "oct", "nov", "dec"};
  for (unsigned at = 0; at < names.size(); ++at)
    if (detail::equal_ignoring_case(token.substr(0, 3), names[at])) return at + 1;
  return std::nullopt;
}

struct found_parts {
  std::optional<std::array<int, 3>> time;
  std::optional<int> day;
  std::optional<unsigned> month;
  std::optional<int> year;

  /// Each token is the first of these that it can be and that is still missing.
  void look_at(std::string_view token) noexcept {
    if (!time && (time = time_of(token))) return;
    auto rest = token;
    if (!day && (day = take_number(rest, 1, 2))) return;
    if (!month && (month = month_of(token))) return;
    if (!year) year = take_number(rest, 2, 4);
  }
};

}  // namespace

std::optional<sys_seconds> parse_cookie_date(std::string_view text) {
  found_parts found;
  while (!text.empty()) {
    std::size_t size = 0;
    while (size < text.size() && !is_delimiter(text[size])) ++size;
    if (size > 0) found.look_at(text.substr(0, size));
    text.remove_prefix(size < text.size() ? size + 1 : size);
  }
  if (!found.time || !found.day || !found.month || !found.year) return std::nullopt;

  int of_year = *found.year;
  if (of_year >= 70 && of_year <= 99) of_year += 1900;
  if (of_year >= 0 && of_year <= 69) of_year += 2000;
  const year_month_day date = year{of_year} / month{*found.month} / day{static_cast<unsigned>(*found.day)};
  const auto [hour, minute, second] = *found.time;
  if (of_year < 1601 || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
}

}  // namespace hocket::http
