#include <algorithm>
#include <string_view>

#include <hocket/graph/html_pages.hpp>

namespace hocket::graph {
namespace {

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_case) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(text.substr(0, lower_case.size()), lower_case, {}, lower);
}

// What the crawler looks for links in.
bool is_html(std::string_view content_type) {
  return content_type.empty() || starts_with_ignoring_case(content_type, "text/html") ||
         starts_with_ignoring_case(content_type, "application/xhtml+xml");
}

}  // namespace

bool is_read_html(const link_graph& graph, node url) {
  const page& what = graph.page_of(url);
  return what.is_known && what.error == 0 && !graph.redirect(url) && is_html(graph.text(what.content_type));
}

}  // namespace hocket::graph
