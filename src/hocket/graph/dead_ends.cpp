#include <algorithm>
#include <string_view>

#include <hocket/graph/dead_ends.hpp>

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

dead_ends find_dead_ends(const link_graph& graph, std::size_t at_most) {
  dead_ends found;
  for (node each = 0; each < graph.size(); ++each) {
    const page& what = graph.page_of(each);
    const bool was_read = what.is_known && what.error == 0 && !graph.redirect(each);
    if (!was_read || !graph.links_from(each).empty() || !is_html(graph.text(what.content_type))) continue;
    if (++found.count <= at_most) found.first.push_back(each);
  }
  return found;
}

}  // namespace hocket::graph
