#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <limits>
#include <ostream>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/base/error.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/graph/broken_links.hpp>
#include <hocket/graph/changes.hpp>

namespace hocket::graph {
namespace {

constexpr node unknown = std::numeric_limits<node>::max();

/// The numbers that the URLs of one graph have in another.
std::vector<node> numbers_in(const link_graph& other, const link_graph& of) {
  std::vector<node> numbers(of.size());
  for (node each = 0; each < of.size(); ++each) numbers[each] = other.find(of.url(each)).value_or(unknown);
  return numbers;
}

/// One direction: what a graph has and the other has not.
class comparison {
 public:
  comparison(const link_graph& here, const link_graph& there)
      : here_(here), there_(there), there_of_(numbers_in(there, here)) {}

  [[nodiscard]] node there(node url) const noexcept { return there_of_[url]; }
  [[nodiscard]] bool is_listed_there(node url) const noexcept {
    return there(url) != unknown && there_.page_of(there(url)).is_listed;
  }
  [[nodiscard]] bool is_broken_there(node url) const noexcept {
    return there(url) != unknown && there_.is_broken(there(url));
  }

  template <class Function>
  void for_each_link_only_here(Function function) {
    for (node page = 0; page < here_.size(); ++page) {
      const auto known = there(page) == unknown ? std::span<const node>() : there_.links_from(there(page));
      for (const node target : here_.links_from(page))
        if (!std::ranges::binary_search(known, there(target))) function(page, target);
    }
  }

 private:
  const link_graph& here_;
  const link_graph& there_;
  std::vector<node> there_of_;
};

/// What is different about a page; empty: nothing.
std::string difference(const link_graph& before, node then, const link_graph& now, node page) {
  const graph::page& old = before.page_of(then);
  const graph::page& current = now.page_of(page);
  std::string text;
  const auto add = [&text](std::string_view what) { text.append(text.empty() ? "" : ", ").append(what); };
  if (old.status != current.status) add(fmt::format("status {} -> {}", old.status, current.status));
  const auto was_at = before.redirect(then);
  const auto is_at = now.redirect(page);
  const std::string_view from = was_at ? before.url(*was_at) : before.url(then);
  const std::string_view to = is_at ? now.url(*is_at) : now.url(page);
  if (from != to) add(fmt::format("redirected to {}", to));
  if (before.text(old.content_type) != now.text(current.content_type)) add("type");
  if (old.content != 0 && current.content != 0 && old.content != current.content) add("content");
  return text;
}

class writer {
 public:
  explicit writer(std::ostream& out) : out_(out) { out_ << "change\turl\tdetail\n"; }

  void row(std::uint64_t& count, std::string_view change, std::string_view url, std::string_view detail) {
    ++count;
    out_ << change << '\t' << url << '\t' << printable(detail) << '\n';
  }

 private:
  std::ostream& out_;
};

error cannot(const char* what, const std::string& path) {
  return error(fmt::format("cannot {} '{}': {}", what, path, std::system_category().message(errno)));
}

}  // namespace

change_counts write_changes(std::ostream& out, const link_graph& before, const link_graph& now) {
  change_counts counts;
  writer rows(out);
  comparison later(now, before);
  for (node page = 0; page < now.size(); ++page) {
    if (!now.page_of(page).is_listed) continue;
    const std::string_view url = now.url(page);
    const bool is_old = later.is_listed_there(page);
    if (!is_old)
      rows.row(counts.fresh, "new", url, std::to_string(now.page_of(page).status));
    else if (const std::string how = difference(before, later.there(page), now, page); !how.empty())
      rows.row(counts.changed, "changed", url, how);
    const bool was_broken = is_old && later.is_broken_there(page);
    if (now.is_broken(page) && !was_broken) rows.row(counts.broken, "broken", url, why_broken(now, page));
    if (!now.is_broken(page) && was_broken)
      rows.row(counts.mended, "mended", url, why_broken(before, later.there(page)));
  }
  later.for_each_link_only_here(
      [&](node page, node target) { rows.row(counts.links_added, "link_added", now.url(page), now.url(target)); });
  comparison earlier(before, now);
  for (node page = 0; page < before.size(); ++page)
    if (before.page_of(page).is_listed && !earlier.is_listed_there(page))
      rows.row(counts.gone, "gone", before.url(page), std::to_string(before.page_of(page).status));
  earlier.for_each_link_only_here(
      [&](node page, node target) { rows.row(counts.links_gone, "link_gone", before.url(page), before.url(target)); });
  return counts;
}

void add_to_summary(const std::string& directory, const change_counts& counts, std::uint64_t not_modified) {
  const std::string path = directory + "/summary.json";
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw cannot("open", path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto summary = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!summary.is_object()) throw error(fmt::format("'{}' is not the summary of a crawl", path));
  summary["changes"] = {{"new", counts.fresh},
                        {"gone", counts.gone},
                        {"changed", counts.changed},
                        {"not_modified", not_modified},
                        {"broken", counts.broken},
                        {"mended", counts.mended},
                        {"links_added", counts.links_added},
                        {"links_gone", counts.links_gone}};
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << summary.dump(2) << '\n';
  out.close();
  if (!out) throw cannot("write", path);
}

}  // namespace hocket::graph
