#include <algorithm>

#include <hocket/crawl/robots_directives.hpp>

namespace hocket::crawl {
namespace {

constexpr std::string_view blanks = " \t\r\n\f";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_word(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The next part of a list, which is taken from it.
std::string_view next_of(std::string_view& list) noexcept {
  const std::size_t comma = list.find(',');
  const std::string_view part = trimmed(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return part;
}

// These have a value of their own behind a colon.
bool has_value(std::string_view name) noexcept {
  return same_word(name, "unavailable_after") || name.starts_with("max-");
}

}  // namespace

std::string_view robot_name(std::string_view user_agent) noexcept {
  return user_agent.substr(0, user_agent.find_first_of("/ ("));
}

void robots_directives::add(std::string_view content) {
  while (!content.empty()) {
    const std::string_view word = next_of(content);
    const bool none = same_word(word, "none");
    noindex |= none || same_word(word, "noindex");
    nofollow |= none || same_word(word, "nofollow");
  }
}

void robots_directives::add_field(std::string_view value, std::string_view user_agent) {
  bool is_for_me = true;
  while (!value.empty()) {
    std::string_view word = next_of(value);
    const std::size_t colon = word.find(':');
    const std::string_view name = trimmed(word.substr(0, colon));
    if (colon != std::string_view::npos && !has_value(name)) {
      is_for_me = same_word(name, robot_name(user_agent)) || name == "*";
      word = trimmed(word.substr(colon + 1));
    }
    if (is_for_me) add(word);
  }
}

std::string_view robots_directives::text() const noexcept {
  if (noindex) return nofollow ? "noindex,nofollow" : "noindex";
  return nofollow ? "nofollow" : "";
}

}  // namespace hocket::crawl
