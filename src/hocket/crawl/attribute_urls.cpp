#include <algorithm>

#include <hocket/crawl/attribute_urls.hpp>

namespace hocket::crawl {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Predicate>
std::string_view take_while(std::string_view& text, Predicate predicate) {
  const auto end = std::find_if_not(text.begin(), text.end(), predicate);
  const std::string_view taken(text.begin(), end);
  text.remove_prefix(taken.size());
  return taken;
}

// What stands behind a URL up to the comma that ends its candidate: commas in brackets do not.
void pass_descriptors(std::string_view& text) {
  bool in_brackets = false;
  take_while(text, [&](char c) {
    if (c == '(') in_brackets = true;
    if (c == ')') in_brackets = false;
    return c != ',' || in_brackets;
  });
}

}  // namespace

void for_each_srcset_url(std::string_view srcset, const std::function<void(std::string_view)>& found) {
  for (;;) {
    take_while(srcset, [](char c) { return is_space(c) || c == ','; });
    if (srcset.empty()) return;
    std::string_view url = take_while(srcset, [](char c) { return !is_space(c); });
    const bool ends_here = url.ends_with(',');
    while (url.ends_with(',')) url.remove_suffix(1);
    found(url);
    if (!ends_here) pass_descriptors(srcset);
  }
}

std::optional<std::string_view> refresh_url(std::string_view content) {
  take_while(content, is_space);
  const std::string_view seconds = take_while(content, is_digit);
  if (seconds.empty() && !content.starts_with('.')) return std::nullopt;
  take_while(content, [](char c) { return is_digit(c) || c == '.'; });
  if (content.empty() || !(content.front() == ';' || content.front() == ',' || is_space(content.front())))
    return std::nullopt;
  take_while(content, is_space);
  if (!content.empty() && (content.front() == ';' || content.front() == ',')) content.remove_prefix(1);
  take_while(content, is_space);
  const auto is_url_word = [](std::string_view text) {
    constexpr std::string_view word = "url";
    return std::ranges::equal(text.substr(0, 3), word, {}, [](char c) { return static_cast<char>(c | 0x20); });
  };
  if (is_url_word(content)) {
    std::string_view rest = content.substr(3);
    take_while(rest, is_space);
    if (rest.starts_with('=')) {
      rest.remove_prefix(1);
      take_while(rest, is_space);
      content = rest;
    }
  }
  if (!content.empty() && (content.front() == '"' || content.front() == '\'')) {
    const char quote = content.front();
    content.remove_prefix(1);
    content = content.substr(0, content.find(quote));
  }
  if (content.empty()) return std::nullopt;
  return content;
}

}  // namespace hocket::crawl
