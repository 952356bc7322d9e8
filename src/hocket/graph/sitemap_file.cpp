// Of the XML only <loc> elements are looked at, comments taken out first: that is all which a list of pages needs.

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/base/utf8.hpp>
#include <hocket/graph/sitemap_file.hpp>
#include <hocket/url/url.hpp>

namespace hocket::graph {
namespace {

constexpr std::size_t most_bytes = 50 * 1024 * 1024;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

void add_url(std::vector<std::string>& urls, std::string_view text) {
  auto parsed = url::parse(trimmed(text));
  if (parsed && (parsed->scheme() == "http" || parsed->scheme() == "https"))
    urls.push_back(std::move(*parsed).without_fragment().href());
}

/// What stands between two marks, and what comes behind both; nothing if one of them is missing.
struct enclosed {
  std::string_view inside;
  std::string_view behind;
};

std::optional<enclosed> between(std::string_view text, std::string_view open, std::string_view close) {
  const auto begin = text.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin + open.size());
  const auto end = text.find(close);
  if (end == std::string_view::npos) return std::nullopt;
  return enclosed{text.substr(0, end), text.substr(end + close.size())};
}

std::string without_comments(std::string_view xml) {
  std::string rest;
  while (const auto comment = between(xml, "<!--", "-->")) {
    rest.append(xml, 0, xml.find("<!--"));
    xml = comment->behind;
  }
  return rest.append(xml);
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
  const bool is_scalar = character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
  if (problem == std::errc() && end == name.data() + name.size() && is_scalar) append_utf8(to, character);
}

std::string text_of(std::string_view xml) {
  if (const auto verbatim = between(xml, "<![CDATA[", "]]>")) return std::string(verbatim->inside);
  std::string text;
  while (const auto reference = between(xml, "&", ";")) {
    text.append(xml, 0, xml.find('&'));
    append_reference(text, reference->inside);
    xml = reference->behind;
  }
  return text.append(xml);
}

}  // namespace

std::vector<std::string> sitemap_urls(std::string_view text, std::string_view name) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf", gzip = "\x1f\x8b";
  if (text.starts_with(gzip)) throw error(fmt::format("sitemap '{}' is compressed; unpack it first (gunzip)", name));
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<std::string> urls;
  if (!trimmed(text).starts_with('<')) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      add_url(urls, text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return urls;
  }
  const std::string xml = without_comments(text);
  if (xml.find("<sitemapindex") != std::string::npos)
    throw error(fmt::format("sitemap '{}' is an index of others; give one of those", name));
  std::string_view rest = xml;
  while (const auto location = between(rest, "<loc>", "</loc>")) {
    add_url(urls, text_of(location->inside));
    rest = location->behind;
  }
  return urls;
}

std::vector<std::string> read_sitemap_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(most_bytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || errno == EISDIR)
    throw error(fmt::format("cannot read sitemap '{}': {}", path, std::system_category().message(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > most_bytes) throw error(fmt::format("sitemap '{}' is larger than {} bytes", path, most_bytes));
  return sitemap_urls(text, path);
}

}  // namespace hocket::graph
