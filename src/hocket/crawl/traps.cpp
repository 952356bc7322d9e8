// Most URLs are plain: a path of a few segments. These pass after one look at each character; tables are for what has a query, a
// session id or a date.

#include <algorithm>
#include <array>
#include <cstring>

#include <hocket/crawl/traps.hpp>

namespace hocket::crawl {
namespace {

constexpr std::size_t most_segments_compared = 256;

// What is counted.
constexpr char path_with_queries = 'q', url_without_digits = 'd', without_session = 's', host = 'h';

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool begins_with_word(std::string_view text, std::string_view lower_case_word) noexcept {
  return text.size() >= lower_case_word.size() &&
         std::ranges::equal(text.substr(0, lower_case_word.size()), lower_case_word, {}, lower);
}

/// Names of parameters that hold a session id, with what comes behind.
constexpr std::array session_names{std::string_view("jsessionid="),  std::string_view("phpsessid="),
                                   std::string_view("aspsessionid"), std::string_view("sessionid="),
                                   std::string_view("session_id="),  std::string_view("cftoken=")};

bool is_session(std::string_view parameter) noexcept {
  return std::ranges::any_of(session_names, [&](std::string_view name) { return begins_with_word(parameter, name); });
}

bool may_be_session(const url& whole) noexcept {
  return whole.has_query() || whole.path().find(';') != std::string_view::npos;
}

/// Whether a row of `length` segments stands `times` times at the end.
bool ends_in_repetition(const std::string_view* end, std::size_t count, std::size_t length,
                        std::size_t times) noexcept {
  if (length * times > count) return false;
  const std::string_view* const begin = end - length * times;
  return std::equal(begin + length, end, begin);
}

/// "2026-11", "2026/11", "20261129", "year=2026": digits that look like a year, and a month behind or a name before them.
bool holds_date(std::string_view text) noexcept {
  for (std::size_t at = 0; at + 4 <= text.size(); ++at) {
    if (!is_digit(text[at]) || (at > 0 && is_digit(text[at - 1]))) continue;
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    const std::size_t digits = end - at;
    const bool is_century = text[at] == '2' || (text[at] == '1' && text[at + 1] == '9');
    if (is_century && digits == 8) return true;
    if (is_century && digits == 4) {
      const bool month_behind =
          end + 1 < text.size() && (text[end] == '-' || text[end] == '/') && is_digit(text[end + 1]);
      const bool named = at >= 5 && begins_with_word(text.substr(at - 5), "year=");
      if (month_behind || named) return true;
    }
    at = end;
  }
  return false;
}

}  // namespace

std::string_view traps::judge(const url& found) {
  if (limits_.url_bytes != 0 && found.href().size() > limits_.url_bytes) return "url_length";
  if (const auto reason = judge_path(found.path()); !reason.empty()) return reason;
  if (may_be_session(found))
    if (const std::string plain = without_session_id(found); !plain.empty() && counts_.add(without_session, plain) > 1)
      return "session_id";
  if (const auto reason = judge_query(found); !reason.empty()) return reason;
  if (const auto reason = judge_dates(found); !reason.empty()) return reason;
  if (limits_.pages_of_a_host != 0 && counts_.add(host, found.host_with_port()) > limits_.pages_of_a_host)
    return "host_limit";
  return {};
}

std::string_view traps::judge_path(std::string_view path) {
  segments_.clear();
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    if (segment.empty()) continue;
    if (limits_.path_depth != 0 && segments_.size() >= limits_.path_depth) return "path_depth";
    if (segments_.size() == most_segments_compared) break;
    segments_.push_back(segment);
    const std::size_t count = segments_.size();
    if (limits_.repetitions == 0 || count < limits_.repetitions) continue;
    for (std::size_t length = 1; length * limits_.repetitions <= count; ++length)
      if (ends_in_repetition(segments_.data() + count, count, length, limits_.repetitions)) return "repeated_segments";
  }
  return {};
}

std::string_view traps::judge_query(const url& found) {
  if (limits_.queries_of_a_path == 0 || !found.has_query()) return {};
  std::string place(found.host_with_port());
  place += found.path();
  return counts_.add(path_with_queries, place) > limits_.queries_of_a_path ? "queries" : std::string_view();
}

std::string_view traps::judge_dates(const url& found) {
  if (limits_.dates_of_a_path == 0 || !holds_date(found.request_target())) return {};
  std::string shape = found.href();
  std::ranges::replace_if(shape, is_digit, '0');
  return counts_.add(url_without_digits, shape) > limits_.dates_of_a_path ? "calendar" : std::string_view();
}

std::string without_session_id(const url& whole) {
  std::string plain(whole.origin());
  bool found = false;
  const auto keep = [&](std::string_view text, char separator, char first) {
    bool is_first = true;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(separator), text.size());
      const std::string_view part = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (is_session(part)) {
        found = true;
        continue;
      }
      if (!is_first || first != '\0') plain += is_first ? first : separator;
      plain += part;
      is_first = false;
    }
  };
  keep(whole.path(), ';', '\0');
  keep(whole.query(), '&', '?');
  return found ? plain : std::string();
}

}  // namespace hocket::crawl
