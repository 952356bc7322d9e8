#include "earlier_crawl.hpp"

#include <charconv>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/base/error.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/url/percent_encoding.hpp>

#include "graph_export.hpp"

namespace hocket::app {
namespace {

using file = graph::crawl_index::file;

/// Calls `take(rest)` for each line, with what stands behind the first tab.
template <class Take>
void for_each_row(std::string_view lines, Take take) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 1);
    line.remove_prefix(line.find('\t') + 1);
    take(line);
  }
}

std::pair<std::string_view, std::string_view> halves(std::string_view row) {
  const std::size_t tab = row.find('\t');
  return {row.substr(0, tab), tab == std::string_view::npos ? std::string_view() : row.substr(tab + 1)};
}

crawl::resource_kind kind_of(std::string_view name) {
  for (int n = 0; n <= static_cast<int>(crawl::resource_kind::import); ++n)
    if (const auto kind = static_cast<crawl::resource_kind>(n); name_of(kind) == name) return kind;
  throw error(fmt::format("the earlier crawl has a resource of an unknown kind, '{}'", name));
}

std::string text_in(const nlohmann::json& page, const char* name) {
  const auto found = page.find(name);
  return found != page.end() && found->is_string() ? found->get<std::string>() : std::string();
}

crawl::page_declarations declarations_in(const nlohmann::json& page) {
  crawl::page_declarations declared;
  declared.robots.add(text_in(page, "robots"));
  declared.canonical = text_in(page, "canonical");
  if (const auto list = page.find("alternates"); list != page.end() && list->is_array())
    for (const auto& each : *list) declared.alternates.push_back({text_in(each, "hreflang"), text_in(each, "href")});
  return declared;
}

std::optional<std::uint64_t> hash_in(const nlohmann::json& page) {
  const std::string text = text_in(page, "hash");
  std::uint64_t hash = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return hash;
}

}  // namespace

earlier_crawl::earlier_crawl(const std::string& directory, crawl::element_options wanted, bool is_archived)
    : index_(read_index(directory)),
      wanted_(wanted),
      suffices_((!wanted.resources || index_.has(file::resources)) &&
                (!wanted.fragments || (index_.has(file::anchors) && index_.has(file::fragments)))),
      is_archived_(is_archived) {}

std::string earlier_crawl::archived(std::string_view where) const {
  const auto page = index_.find(where);
  return page ? std::string(index_.state_of(*page).archived) : std::string();
}

http::validators earlier_crawl::validators_of(const url& where) const {
  const auto page = suffices_ ? index_.find(where.href()) : std::nullopt;
  if (!page) return {};
  const auto state = index_.state_of(*page);
  if (is_archived_ && state.archived.empty()) return {};
  return {.etag = std::string(state.etag), .last_modified = std::string(state.last_modified)};
}

coro<crawl::earlier_page> earlier_crawl::recall(url where) {
  const auto page = index_.find(where.href());
  if (!page) throw error("the earlier crawl does not have it");
  auto known = co_await to_thread([this, number = *page] { return read(number); });
  ++recalled_;
  co_return known;
}

crawl::earlier_page earlier_crawl::read(graph::node page) const {
  const auto object = nlohmann::json::parse(index_.lines_of(page, file::pages), nullptr, false);
  if (!object.is_object()) throw error("the earlier crawl's files have changed");
  const auto state = index_.state_of(page);
  crawl::earlier_page known{
      .content_type = text_in(object, "content_type"),
      .bytes = object.value("bytes", std::uint64_t{0}),
      .content_hash = hash_in(object),
      .validators = {.etag = std::string(state.etag), .last_modified = std::string(state.last_modified)},
      .archived = std::string(state.archived)};
  known.found.declared = declarations_in(object);
  read_links(page, known.found);
  read_elements(page, known.found);
  return known;
}

void earlier_crawl::read_links(graph::node page, crawl::findings& found) const {
  std::unordered_set<std::string> nofollow;
  if (index_.has(file::nofollow))
    for_each_row(index_.lines_of(page, file::nofollow), [&](std::string_view target) { nofollow.emplace(target); });
  for_each_row(index_.lines_of(page, file::links), [&](std::string_view target) {
    auto link = url::parse(target);
    if (!link) throw error("the earlier crawl has a link that is no URL");
    found.links.push_back({std::move(*link), nofollow.contains(std::string(target))});
  });
}

void earlier_crawl::read_elements(graph::node page, crawl::findings& found) const {
  crawl::page_elements& elements = found.elements;
  elements.wanted = wanted_;
  if (wanted_.resources)
    for_each_row(index_.lines_of(page, file::resources), [&](std::string_view row) {
      const auto [target, kind] = halves(row);
      elements.resources.push_back({std::string(target), kind_of(kind)});
    });
  if (!wanted_.fragments) return;
  for_each_row(index_.lines_of(page, file::anchors),
               [&](std::string_view anchor) { elements.anchors.push_back(percent_decode(anchor)); });
  for_each_row(index_.lines_of(page, file::fragments), [&](std::string_view row) {
    const auto [target, fragment] = halves(row);
    elements.fragment_links.push_back({std::string(target), std::string(fragment)});
  });
}

}  // namespace hocket::app
