// Of XML only so much is read as the names of elements and the text of those that hold URLs take: `loc` with the prefix of the root, so
// that those of images and videos are none; `link` of RSS; the attribute `href` of Atom's. Elements need not nest.

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <hocket/base/utf8.hpp>
#include <hocket/sitemap/sitemap_reader.hpp>

namespace hocket {
namespace {

constexpr std::string_view spaces = " \t\r\n";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view verbatim_begin = "![CDATA[";
constexpr std::size_t most_tag_bytes = 16 * 1024;

bool is_space(char c) noexcept { return spaces.find(c) != std::string_view::npos; }

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

std::string_view prefix_of(std::string_view name) noexcept {
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon + 1);
}

/// A character reference or one of XML's five entities, without its & and ;. Appends nothing for what is neither.
void append_reference(std::string& to, std::string_view name) {
  constexpr std::pair<std::string_view, char> entities[] = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [entity, character] : entities)
    if (name == entity) to += character;
  if (!name.starts_with('#')) return;
  name.remove_prefix(1);
  const int base = name.starts_with('x') ? 16 : 10;
  if (base == 16) name.remove_prefix(1);
  std::uint32_t character = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), character, base);
  const bool is_scalar = character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF);
  if (problem == std::errc() && end == name.data() + name.size() && is_scalar) append_utf8(to, character);
}

bool is_of_reference(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '#';
}

/// With references replaced; an & that begins none stays.
std::string unescaped(std::string_view xml) {
  std::string text;
  for (;;) {
    const std::size_t at = xml.find('&');
    text.append(xml.substr(0, at));
    if (at == std::string_view::npos) return text;
    xml.remove_prefix(at + 1);
    const auto end = std::ranges::find_if_not(xml, is_of_reference);
    const auto size = static_cast<std::size_t>(end - xml.begin());
    if (size == 0 || end == xml.end() || *end != ';') {
      text += '&';
      continue;
    }
    append_reference(text, xml.substr(0, size));
    xml.remove_prefix(size + 1);
  }
}

/// The value of an attribute, as it is written.
std::optional<std::string_view> attribute(std::string_view attributes, std::string_view name) {
  for (;;) {
    attributes = trimmed(attributes);
    const std::size_t equals = attributes.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const bool is_it = trimmed(attributes.substr(0, equals)) == name;
    attributes = trimmed(attributes.substr(equals + 1));
    if (attributes.empty() || (attributes[0] != '"' && attributes[0] != '\'')) return std::nullopt;
    const std::size_t end = attributes.find(attributes[0], 1);
    if (end == std::string_view::npos) return std::nullopt;
    if (is_it) return attributes.substr(1, end - 1);
    attributes.remove_prefix(end + 1);
  }
}

}  // namespace

void sitemap_reader::feed(std::string_view piece) {
  for (const char c : piece) {
    if (is_full()) return;
    ++bytes_;
    take(c);
  }
}

void sitemap_reader::finish() {
  if (place_ == place::lines && !is_full()) tell(text_);
}

void sitemap_reader::take(char c) {
  switch (place_) {
    case place::beginning:
      if (text_.size() < byte_order_mark.size() && c == byte_order_mark[text_.size()]) {
        text_ += c;
        return;
      }
      if (text_ == byte_order_mark) text_.clear();
      if (text_.empty() && is_space(c)) return;
      place_ = text_.empty() && c == '<' ? place::text : place::lines;
      return take(c);
    case place::lines:
      if (c != '\n' && c != '\r') return append({&c, 1});
      tell(std::exchange(text_, {}));
      return;
    case place::text:
      if (c != '<') return append({&c, 1});
      markup_.clear();
      place_ = place::markup;
      return;
    case place::markup:
      return take_markup(c);
    case place::comment:
      markup_ += c;
      if (markup_.ends_with("-->")) place_ = place::text;
      if (markup_.size() > 3) markup_.erase(0, 1);
      return;
    case place::verbatim:
      if (markup_.size() < most_tag_bytes || c == ']' || c == '>') markup_ += c;
      if (!markup_.ends_with("]]>")) return;
      markup_.resize(markup_.size() - 3);
      for (const char each : markup_) append(each == '&' ? std::string_view("&amp;") : std::string_view(&each, 1));
      place_ = place::text;
      return;
    case place::declaration:
      if (c == '[') ++brackets_;
      if (c == ']' && brackets_ > 0) --brackets_;
      if (c == '>' && brackets_ == 0) place_ = place::text;
      return;
    case place::tag:
      return take_tag(c);
  }
}

// What begins with `<` shows by what comes behind it.
void sitemap_reader::take_markup(char c) {
  markup_ += c;
  if (markup_ == "!--") {
    markup_.clear();
    place_ = place::comment;
  } else if (markup_ == verbatim_begin) {
    markup_.clear();
    place_ = place::verbatim;
  } else if (std::string_view("!--").starts_with(markup_) || verbatim_begin.starts_with(markup_)) {
    return;
  } else if (markup_[0] == '!' || markup_[0] == '?') {
    brackets_ = 0;
    place_ = place::declaration;
    if (c != '!' && c != '?') take(c);
  } else {
    markup_.clear();
    quote_ = '\0';
    place_ = place::tag;
    take_tag(c);
  }
}

void sitemap_reader::take_tag(char c) {
  if (quote_ == '\0' && c == '>') {
    place_ = place::text;
    return end_tag();
  }
  if (quote_ == c)
    quote_ = '\0';
  else if (quote_ == '\0' && (c == '"' || c == '\''))
    quote_ = c;
  if (markup_.size() < most_tag_bytes) markup_ += c;
}

void sitemap_reader::end_tag() {
  std::string_view tag = markup_;
  if (tag.starts_with('/')) {
    if (is_location_ && trimmed(tag.substr(1)) == location_) tell(unescaped(text_));
    if (trimmed(tag.substr(1)) == location_) is_location_ = false;
    return;
  }
  const bool is_empty = tag.ends_with('/');
  if (is_empty) tag.remove_suffix(1);
  const auto end = std::min(tag.find_first_of(spaces), tag.size());
  open(tag.substr(0, end), tag.substr(end));
  if (is_empty) is_location_ = false;
}

// `link` is of RSS, where it holds text, and of Atom, where it is empty.
void sitemap_reader::open(std::string_view name, std::string_view attributes) {
  if (root_.empty()) {
    root_ = name;
    const std::string_view prefix = prefix_of(name);
    name.remove_prefix(prefix.size());
    if (name == "urlset" || name == "sitemapindex") location_ = std::string(prefix).append("loc");
    if (name == "rss" || name == "RDF") location_ = "link";
    if (name == "feed") location_ = std::string(prefix).append("link");
    return;
  }
  if (name != location_) return;
  text_.clear();
  is_location_ = !root_.ends_with("feed");
  if (is_location_) return;
  const auto target = attribute(attributes, "href");
  if (target && attribute(attributes, "rel").value_or("alternate") == "alternate") tell(unescaped(*target));
}

// One byte more than a URL may have, which shows that it is too long.
void sitemap_reader::append(std::string_view text) {
  const bool is_wanted = place_ == place::lines || is_location_;
  if (is_wanted && text_.size() <= 2 * most_url_bytes) text_ += text;
}

void sitemap_reader::tell(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || text.size() > most_url_bytes || is_full()) return;
  auto where = url::parse(text);
  if (!where || (where->scheme() != "http" && where->scheme() != "https")) return;
  ++entries_;
  tell_(root_.ends_with("sitemapindex") ? entry::sitemap : entry::page, std::move(*where).without_fragment());
}

}  // namespace hocket
