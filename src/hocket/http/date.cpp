// Dates of HTTP, by hand: strftime and strptime follow the locale, and these must not.
//
// A cursor takes the text piece by piece; after the first piece that does not fit it yields nothing but zeros, and the
// answer is looked at once, at the end.

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include <hocket/http/date.hpp>

namespace hocket::http {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> short_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> long_days = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr sys_seconds first_writable = sys_days{year{0} / January / 1};
constexpr sys_seconds last_writable = sys_days{year{10000} / January / 1} - seconds{1};

class cursor {
 public:
  explicit cursor(std::string_view text) : rest_(text) {}

  /// Whether all went well and nothing is left.
  [[nodiscard]] bool at_end() const { return fits_ && rest_.empty(); }

  void literal(std::string_view expected) {
    if (!take(expected)) fits_ = false;
  }

  /// The index of the name that comes next.
  template <std::size_t Count>
  unsigned one_of(const std::array<std::string_view, Count>& names) {
    const auto found = std::find_if(names.begin(), names.end(), [this](std::string_view name) { return take(name); });
    if (found == names.end()) fits_ = false;
    return static_cast<unsigned>(found - names.begin());
  }

  int digits(std::size_t count) {
    int value = 0;
    for (; count > 0; --count) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return fits_ = false, 0;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

 private:
  std::string_view rest_;
  bool fits_ = true;
};

month month_name(cursor& at) { return month{at.one_of(months) + 1}; }
day day_digits(cursor& at) { return day{static_cast<unsigned>(at.digits(2))}; }

/// `08:49:37`, or nothing if there is no such time of day.
std::optional<seconds> time_of_day(cursor& at) {
  const int hour = at.digits(2);
  at.literal(":");
  const int minute = at.digits(2);
  at.literal(":");
  const int second = at.digits(2);
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return hours{hour} + minutes{minute} + seconds{second};
}

std::optional<sys_seconds> combine(const cursor& at, year_month_day date, std::optional<seconds> time) {
  if (!at.at_end() || !date.ok() || !time) return std::nullopt;
  return sys_days{date} + *time;
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::optional<sys_seconds> parse_imf_fixdate(std::string_view text) {
  cursor at(text);
  at.one_of(short_days);
  at.literal(", ");
  const auto day = day_digits(at);
  at.literal(" ");
  const auto month = month_name(at);
  at.literal(" ");
  const year year{at.digits(4)};
  at.literal(" ");
  const auto time = time_of_day(at);
  at.literal(" GMT");
  return combine(at, year / month / day, time);
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
std::optional<sys_seconds> parse_rfc850_date(std::string_view text, sys_seconds now) {
  cursor at(text);
  at.one_of(long_days);
  at.literal(", ");
  const auto day = day_digits(at);
  at.literal("-");
  const auto month = month_name(at);
  at.literal("-");
  const int year_of_century = at.digits(2);
  at.literal(" ");
  const auto time = time_of_day(at);
  at.literal(" GMT");

  const int this_year = static_cast<int>(year_month_day{floor<days>(now)}.year());
  const year in_this_century{this_year - this_year % 100 + year_of_century};
  const auto date = combine(at, in_this_century / month / day, time);
  if (date && *date <= now + years{50}) return date;
  return combine(at, (in_this_century - years{100}) / month / day, time);
}

/// `Sun Nov  6 08:49:37 1994`
std::optional<sys_seconds> parse_asctime_date(std::string_view text) {
  cursor at(text);
  at.one_of(short_days);
  at.literal(" ");
  const auto month = month_name(at);
  at.literal(" ");
  const auto day = at.take(" ") ? std::chrono::day{static_cast<unsigned>(at.digits(1))} : day_digits(at);
  at.literal(" ");
  const auto time = time_of_day(at);
  at.literal(" ");
  const year year{at.digits(4)};
  return combine(at, year / month / day, time);
}

}  // namespace

std::string format_date(sys_seconds time) {
  time = std::clamp(time, first_writable, last_writable);
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(time - midnight);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", short_days[weekday(midnight).c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

std::optional<sys_seconds> parse_date(std::string_view text, sys_seconds now) {
  if (const auto date = parse_imf_fixdate(text)) return date;
  if (const auto date = parse_rfc850_date(text, now)) return date;
  return parse_asctime_date(text);
}

}  // namespace hocket::http
