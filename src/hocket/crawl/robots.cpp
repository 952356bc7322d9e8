// A file is read line by line. `User-agent` lines in a row open a group; the first rule after them closes the list, and the next
// `User-agent` opens another group. Nothing else has a part in that. Three sets of rules are gathered, those of groups that name the
// crawler, those that name it as far as the standard's letters go, and those for everybody; the first that there is is kept, sorted so that
// the first match is the one that counts.
//
// Patterns and URLs are compared in one form: what may stand unescaped is unescaped, all else is escaped in upper case
// (RFC 9309, 2.2.2). A `*` or `$` of a URL is escaped, so those left in a pattern are the special ones.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include <hocket/crawl/robots.hpp>

namespace hocket::crawl {
namespace {

constexpr double longest_crawl_delay_seconds = 86'400;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Digits are none of the standard's, yet many a name has them.
bool is_of_product_token(char c) noexcept { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_word(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view product_token(std::string_view agent) noexcept {
  const auto end = std::ranges::find_if_not(agent, is_of_product_token);
  return agent.substr(0, static_cast<std::size_t>(end - agent.begin()));
}

/// As far as a name goes that has only what RFC 9309, 2.2.1, allows: "bot" of "bot2". Google's parser compares no more than this.
/// Source: github.com/google/robotstxt, ExtractUserAgent.
std::string_view standard_token(std::string_view token) noexcept {
  const auto is_standard = [](char c) { return is_letter(c) || c == '-' || c == '_'; };
  return token.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(token, is_standard) - token.begin()));
}

bool is_unreserved(unsigned char c) noexcept {
  return is_letter(static_cast<char>(c)) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// The octet that is escaped at the beginning of `text`; -1 if none is.
int escaped_octet(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void append_escaped(std::string& to, unsigned char octet) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  to += {'%', digits[octet >> 4], digits[octet & 15]};
}

/// The form in which patterns and URLs are compared. Within a query these delimiters mean nothing, and are the same escaped and
/// not (the table in RFC 9309, 2.2.2).
std::string comparable(std::string_view text, bool is_pattern) {
  std::string form;
  form.reserve(text.size());
  bool in_query = false;
  while (!text.empty()) {
    const int escaped = escaped_octet(text);
    const auto octet = static_cast<unsigned char>(escaped >= 0 ? escaped : text.front());
    text.remove_prefix(escaped >= 0 ? 3 : 1);
    const bool means_nothing = in_query && (octet == ':' || octet == '/' || octet == '?' || octet == '@');
    const bool is_special = octet == '*' || octet == '$';
    const bool is_plain = octet > ' ' && octet < 0x7F && !is_special;
    if (is_unreserved(octet) || means_nothing || (escaped < 0 && (is_plain || (is_pattern && octet == '*'))))
      form += static_cast<char>(octet);
    else
      append_escaped(form, octet);
    if (escaped < 0 && octet == '?') in_query = true;
  }
  return form;
}

/// Where `part` first stands in `text`; npos if nowhere. In linear time, which std::string_view::find does not promise.
std::size_t find(std::string_view text, std::string_view part) noexcept {
  if (part.empty()) return 0;
  const void* const at = ::memmem(text.data(), text.size(), part.data(), part.size());
  return at == nullptr ? std::string_view::npos : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

}  // namespace

class robots::reader {
 public:
  explicit reader(std::string_view user_agent) : me_(product_token(user_agent)) {}

  void take_line(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const std::string_view name = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_word(name, "user-agent"))
      take_agent(value);
    else if (same_word(name, "allow"))
      take_rule(value, true);
    else if (same_word(name, "disallow"))
      take_rule(value, false);
    else if (same_word(name, "crawl-delay"))
      take_delay(value);
    else if (same_word(name, "sitemap") && !value.empty())
      sitemaps_.emplace_back(value);
  }

  robots result() && {
    answer& mine = for_me_.is_there ? for_me_ : for_kin_.is_there ? for_kin_ : for_all_;
    robots made;
    made.rules_ = std::move(mine.rules);
    made.crawl_delay_ = mine.delay;
    made.sitemaps_ = std::move(sitemaps_);
    std::ranges::stable_sort(made.rules_, [](const rule& one, const rule& other) {
      const std::size_t size = one.pattern.size() + one.to_the_end;
      const std::size_t other_size = other.pattern.size() + other.to_the_end;
      return size != other_size ? size > other_size : one.allow && !other.allow;
    });
    return made;
  }

 private:
  struct answer {
    std::vector<rule> rules{};
    std::optional<duration> delay{};
    bool is_there = false;     // a group has named it
    bool is_of_group = false;  // the group at hand does
  };

  template <class Do>
  void for_each_answer(Do act) {
    for (answer* const each : {&for_me_, &for_kin_, &for_all_}) act(*each);
  }

  void take_agent(std::string_view name) {
    if (std::exchange(has_rules_, false)) for_each_answer([](answer& each) { each.is_of_group = false; });
    const std::string_view token = product_token(name);
    const auto join = [](answer& which) { which.is_there = which.is_of_group = true; };
    if (name.starts_with('*') && (name.size() == 1 || is_blank(name[1]))) join(for_all_);
    if (token.empty()) return;
    if (same_word(token, me_)) join(for_me_);
    if (same_word(token, standard_token(me_))) join(for_kin_);
  }

  void take_rule(std::string_view path, bool allow) {
    has_rules_ = true;
    if (path.empty()) return;  // matches nothing
    rule made{.allow = allow, .to_the_end = path.ends_with('$')};
    if (made.to_the_end) path.remove_suffix(1);
    made.pattern = comparable(path, true);
    for_each_answer([&made](answer& each) {
      if (each.is_of_group) each.rules.push_back(made);
    });
  }

  void take_delay(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(seconds) || seconds < 0) return;
    seconds = std::min(seconds, longest_crawl_delay_seconds);
    const auto delay = std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds));
    for_each_answer([delay](answer& each) {
      if (each.is_of_group) each.delay = std::max(each.delay.value_or(delay), delay);
    });
  }

  std::string_view me_;
  bool has_rules_ = false;  // the group at hand: the next agent begins another
  answer for_me_;
  answer for_kin_;
  answer for_all_;
  std::vector<std::string> sitemaps_;
};

robots robots::parse(std::string_view text, std::string_view user_agent) {
  if (text.size() > max_size) {
    text = text.substr(0, max_size);
    text = text.substr(0, text.find_last_of("\r\n") + 1);
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  reader lines(user_agent);
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("\r\n");
    lines.take_line(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return std::move(lines).result();
}

robots robots::disallowing_all() {
  robots made;
  made.rules_.push_back({.pattern = "/"});
  return made;
}

bool robots::allows(const url& where) const {
  if (rules_.empty() || where.path() == "/robots.txt") return true;
  const std::string target = comparable(where.request_target().substr(0, max_target_size), false);
  const auto found = std::ranges::find_if(rules_, [&target](const rule& each) { return each.matches(target); });
  return found == rules_.end() || found->allow;
}

// Each part between two stars is taken where it first stands: if the rest fits behind a later place, it fits behind that one.
bool robots::rule::matches(std::string_view target) const {
  std::string_view left = pattern;
  std::size_t star = left.find('*');
  const std::string_view beginning = left.substr(0, star);
  if (!target.starts_with(beginning)) return false;
  target.remove_prefix(beginning.size());
  if (star == std::string_view::npos) return !to_the_end || target.empty();
  for (;;) {
    left.remove_prefix(star + 1);
    star = left.find('*');
    const std::string_view part = left.substr(0, star);
    if (star == std::string_view::npos && to_the_end) return target.ends_with(part);
    const std::size_t at = find(target, part);
    if (at == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    target.remove_prefix(at + part.size());
  }
}

}  // namespace hocket::crawl
