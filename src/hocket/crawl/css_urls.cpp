#include <cstdint>
#include <optional>
#include <string>

#include <hocket/base/utf8.hpp>
#include <hocket/crawl/css_urls.hpp>

namespace hocket::crawl {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
bool is_newline(char c) { return c == '\n' || c == '\r' || c == '\f'; }
bool is_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// Reads a style sheet from front to end.
class scanner {
 public:
  explicit scanner(std::string_view css) : rest_(css) {}

  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
  [[nodiscard]] char first() const { return rest_.front(); }
  void pass() { rest_.remove_prefix(1); }

  /// Spaces and comments.
  void pass_blanks() {
    for (;;) {
      while (!rest_.empty() && is_space(rest_.front())) pass();
      if (!rest_.starts_with("/*")) return;
      const auto end = rest_.find("*/", 2);
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
    }
  }

  /// A name in lower case, without escapes: empty if there is none.
  std::string take_name() {
    std::string name;
    for (; !rest_.empty() && is_in_name(rest_.front()); pass()) name += lower(rest_.front());
    return name;
  }

  /// At a quote: what is between it and the next one; nothing if a line ends before.
  std::optional<std::string> take_string() {
    const char quote = rest_.front();
    pass();
    std::string text;
    while (!rest_.empty() && !is_newline(rest_.front())) {
      const char c = rest_.front();
      if (c == quote) {
        pass();
        return text;
      }
      if (c == '\\') {
        take_escape(text, true);
      } else {
        text += c;
        pass();
      }
    }
    return std::nullopt;
  }

  /// Behind `url(`: its URL, and all up to its bracket.
  std::optional<std::string> take_url() {
    while (!rest_.empty() && is_space(rest_.front())) pass();
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '"' || rest_.front() == '\'') return take_string();
    std::string text;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == ')' || is_space(c)) return take_url_end() ? std::optional(text) : pass_bad_url();
      if (c == '"' || c == '\'' || c == '(') return pass_bad_url();
      if (c == '\\') {
        if (!take_escape(text, false)) return pass_bad_url();
      } else {
        text += c;
        pass();
      }
    }
    return std::nullopt;
  }

 private:
  bool take_url_end() {
    while (!rest_.empty() && is_space(rest_.front())) pass();
    if (rest_.empty() || rest_.front() != ')') return false;
    pass();
    return true;
  }

  std::optional<std::string> pass_bad_url() {
    while (!rest_.empty() && rest_.front() != ')') {
      if (rest_.front() == '\\') pass();
      if (!rest_.empty()) pass();
    }
    return std::nullopt;
  }

  // In a string a newline may be escaped, and stands for nothing.
  bool take_escape(std::string& text, bool in_string) {
    pass();
    if (rest_.empty()) return false;
    if (is_newline(rest_.front())) {
      if (in_string) pass();
      return in_string;
    }
    std::uint32_t character = 0;
    int digits = 0;
    for (; digits < 6 && !rest_.empty() && hex_value(rest_.front()) >= 0; ++digits, pass())
      character = character * 16 + static_cast<std::uint32_t>(hex_value(rest_.front()));
    if (digits == 0) {
      text += rest_.front();
      pass();
      return true;
    }
    if (!rest_.empty() && is_space(rest_.front())) pass();
    const bool is_scalar = character != 0 && character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
    append_utf8(text, is_scalar ? char32_t{character} : replacement_character);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

void for_each_css_url(std::string_view css, const std::function<void(bool, std::string_view)>& found) {
  scanner at(css);
  bool in_import = false;  // nothing but blanks came since `@import`
  for (;;) {
    at.pass_blanks();
    if (at.is_at_end()) return;
    const char c = at.first();
    if (c == '"' || c == '\'') {
      const auto text = at.take_string();
      if (text && in_import) found(true, *text);
      in_import = false;
    } else if (c == '@') {
      at.pass();
      in_import = at.take_name() == "import";
    } else if (is_in_name(c)) {
      const bool is_url = at.take_name() == "url" && !at.is_at_end() && at.first() == '(';
      if (is_url) {
        at.pass();
        if (const auto text = at.take_url()) found(in_import, *text);
      }
      in_import = false;
    } else {
      if (c == '\\') at.pass();  // what is escaped means nothing
      if (!at.is_at_end()) at.pass();
      in_import = false;
    }
  }
}

}  // namespace hocket::crawl
