#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/graph/broken_links.hpp>
#include <hocket/graph/dead_ends.hpp>
#include <hocket/graph/detail/report_page.hpp>
#include <hocket/graph/hosts.hpp>
#include <hocket/graph/markup.hpp>
#include <hocket/graph/most.hpp>
#include <hocket/graph/redirect_chains.hpp>
#include <hocket/graph/report.hpp>
#include <hocket/graph/totals.hpp>

namespace hocket::graph {
namespace {

constexpr std::size_t pages_of_a_broken_link = 100;

std::string link_to(std::string_view url) {
  const std::string text = markup_escaped(url);
  if (!url.starts_with("http://") && !url.starts_with("https://")) return text;
  return fmt::format(R"(<a href="{0}" rel="noreferrer noopener">{0}</a>)", text);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "KB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(units); ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string number_cell(std::uint64_t number) {
  return fmt::format(R"(<td class="number" data-value="{}">{}</td>)", number, grouped(number));
}

/// Appends the report piece by piece.
class writer {
 public:
  explicit writer(const link_graph& graph) : graph_(graph) {}

  template <class... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(html_), format, std::forward<Arguments>(arguments)...);
  }

  void tile(std::string_view name, std::string_view value, bool is_bad = false) {
    add("<div><dt>{}</dt><dd{}>{}</dd></div>\n", name, is_bad ? R"( class="bad")" : "", value);
  }

  /// Heads are "number:Links", "words:Why", "long:URL": how wide a column is, and its title.
  void begin_table(std::string_view title, std::string_view note, std::initializer_list<std::string_view> heads) {
    add("<section><div class=\"head\"><h2>{}</h2></div>\n", title);
    if (!note.empty()) add("<p class=\"note\">{}</p>\n", note);
    add("<div class=\"scroll\"><table class=\"rows\"><thead><tr>");
    for (const std::string_view head : heads) {
      const auto colon = head.find(':');
      add("<th class=\"{}\">{}</th>", head.substr(0, colon), head.substr(colon + 1));
    }
    add("</tr></thead><tbody>\n");
  }
  void end_table() { add("</tbody></table></div></section>\n"); }

  [[nodiscard]] std::string link(node which) const { return link_to(graph_.url(which)); }
  [[nodiscard]] std::string& html() noexcept { return html_; }

 private:
  const link_graph& graph_;
  std::string html_;
};

/// "the first 1,000 of 12,345", where that is so.
std::string how_many(std::uint64_t all, std::size_t shown) {
  return all <= shown ? std::string() : fmt::format("The first {} of {} are listed.", grouped(shown), grouped(all));
}

std::string bar(std::uint64_t value, std::uint64_t highest) {
  const double percent = 100.0 * static_cast<double>(value) / static_cast<double>(std::max<std::uint64_t>(highest, 1));
  return fmt::format(
      R"(<td class="bar"><svg aria-hidden="true"><rect width="{:.2f}%" height="100%" rx="2"/></svg></td>)", percent);
}

template <class Key>
std::uint64_t highest_of(const std::map<Key, std::uint64_t>& counts) {
  std::uint64_t highest = 0;
  for (const auto& [key, count] : counts) highest = std::max(highest, count);
  return highest;
}

void write_head(writer& out, const report_options& options) {
  out.add(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{}</title>
<style>{}</style>
</head>
<body>
<main>
<h1>{}</h1>
)",
          detail::report_script_hash, detail::report_style_hash, markup_escaped(options.title), detail::report_style,
          markup_escaped(options.title));
}

void write_totals(writer& out, const link_graph& graph, const totals& sum, const broken_links& broken,
                  const report_options& options) {
  out.add("<dl class=\"tiles\">\n");
  out.tile("Pages", grouped(sum.pages));
  out.tile("Failed", grouped(sum.failed), sum.failed > 0);
  out.tile("URLs seen", grouped(graph.size()));
  out.tile("Links", grouped(graph.links()));
  out.tile("Broken links", grouped(broken.links), broken.links > 0);
  out.tile("Redirects", grouped(graph.redirects()));
  out.tile("Read", bytes_text(sum.bytes));
  if (options.summary) out.tile("Time", fmt::format("{:.2f} s", options.summary->seconds));
  out.add("</dl>\n");
  if (!options.summary) out.add("<p class=\"note\">The crawl has not ended: this is what it had found.</p>\n");
}

void write_statuses(writer& out, const totals& sum) {
  const std::uint64_t highest = highest_of(sum.statuses);
  out.begin_table("Status codes", "", {"words:Status", "number:Pages", "bar:"});
  for (const auto& [status, count] : sum.statuses)
    out.add("<tr><td>{}</td>{}{}</tr>\n", status == 0 ? "no answer" : std::to_string(status), number_cell(count),
            bar(count, highest));
  out.end_table();
}

void write_depths(writer& out, const totals& sum) {
  const std::uint64_t highest = highest_of(sum.depths);
  out.begin_table("Depth", "Links between a seed and a page.", {"number:Depth", "number:Pages", "bar:"});
  for (const auto& [depth, count] : sum.depths)
    out.add("<tr>{}{}{}</tr>\n", number_cell(depth), number_cell(count), bar(count, highest));
  out.end_table();
}

void write_skipped(writer& out, const report_options& options) {
  if (!options.summary || options.summary->skipped.empty()) return;
  const std::uint64_t highest = highest_of(options.summary->skipped);
  out.begin_table("Seen and not fetched", "", {"words:Reason", "number:URLs", "bar:"});
  for (const auto& [reason, count] : options.summary->skipped)
    out.add("<tr><td>{}</td>{}{}</tr>\n", markup_escaped(reason), number_cell(count), bar(count, highest));
  out.end_table();
}

void write_broken_links(writer& out, const link_graph& graph, const broken_links& broken) {
  if (broken.targets == 0) return;
  out.begin_table("Broken links", how_many(broken.targets, broken.most_linked.size()),
                  {"long:URL", "words:Why", "number:Links", "long:On these pages"});
  for (const broken_target& each : broken.most_linked) {
    out.add("<tr><td>{}</td><td>{}</td>{}<td>", out.link(each.url), markup_escaped(why_broken(graph, each.url)),
            number_cell(each.link_count));
    const auto shown = each.pages.size();
    if (shown == 1) {
      out.add("{}", out.link(each.pages.front()));
    } else {
      out.add("<details><summary>{} pages</summary><ul>", grouped(each.link_count));
      for (const node page : each.pages) out.add("<li>{}</li>", out.link(page));
      if (each.link_count > shown) out.add("<li>and {} more</li>", grouped(each.link_count - shown));
      out.add("</ul></details>");
    }
    out.add("</td></tr>\n");
  }
  out.end_table();
}

void write_broken_fragments(writer& out, const report_options& options) {
  if (!options.fragments || options.fragments->count == 0) return;
  const broken_fragments& broken = *options.fragments;
  const std::size_t shown = std::min(broken.first.size(), options.rows);
  out.begin_table("Broken fragments", how_many(broken.count, shown),
                  {"long:URL", "words:Fragment", "long:On this page"});
  for (const broken_fragment& each : std::span(broken.first).first(shown))
    out.add("<tr><td>{}</td><td>#{}</td><td>{}</td></tr>\n", out.link(each.target), markup_escaped(each.fragment),
            out.link(each.page));
  out.end_table();
}

void write_redirects(writer& out, const link_graph& graph, std::size_t rows) {
  const auto chains = redirect_chains(graph, 1, rows);
  if (chains.empty()) return;
  out.begin_table("Redirects", chains.size() == rows ? how_many(graph.redirects(), rows) : "",
                  {"long:From", "number:Hops", "long:To"});
  for (const redirect_chain& chain : chains) {
    const auto hops = chain.urls.size() - 1;
    out.add("<tr><td>{}</td>{}<td>", out.link(chain.urls.front()), number_cell(hops));
    if (hops == 1) {
      out.add("{}", out.link(chain.urls.back()));
    } else {
      out.add("<ol>");
      for (const node each : std::span(chain.urls).subspan(1)) out.add("<li>{}</li>", out.link(each));
      out.add("</ol>");
    }
    out.add("{}</td></tr>\n", chain.is_circle ? " (a circle)" : "");
  }
  out.end_table();
}

void write_slowest_pages(writer& out, const link_graph& graph, std::size_t rows) {
  const auto slowest = most(graph.size(), rows, [&](node each) {
    const page& what = graph.page_of(each);
    return what.is_listed ? what.milliseconds : 0;
  });
  if (slowest.empty()) return;
  out.begin_table("Slowest pages", slowest.size() == rows ? how_many(graph.pages(), rows) : "",
                  {"number:ms", "number:Bytes", "words:Status", "long:URL"});
  for (const node each : slowest) {
    const page& what = graph.page_of(each);
    out.add("<tr>{}{}<td>{}</td><td>{}</td></tr>\n", number_cell(what.milliseconds), number_cell(what.bytes),
            what.status == 0 ? "no answer" : std::to_string(what.status), out.link(each));
  }
  out.end_table();
}

void write_hosts(writer& out, const link_graph& graph, std::size_t rows) {
  const hosts found = hosts_of(graph);
  const auto largest = most(static_cast<node>(found.all.size()), rows, [&](node each) { return found.all[each].urls; });
  if (largest.empty()) return;
  out.begin_table("Largest hosts", how_many(found.all.size(), largest.size()),
                  {"long:Host", "number:URLs", "number:Pages", "number:Failed", "number:Bytes", "number:ms a page"});
  for (const std::uint32_t each : largest) {
    const host& its = found.all[each];
    out.add("<tr><td>{}</td>{}{}{}{}{}</tr>\n", markup_escaped(its.name), number_cell(its.urls), number_cell(its.pages),
            number_cell(its.failed), number_cell(its.bytes),
            number_cell(its.pages == 0 ? 0 : its.milliseconds / its.pages));
  }
  out.end_table();
}

void write_dead_ends(writer& out, const link_graph& graph, std::size_t rows) {
  const dead_ends found = find_dead_ends(graph, rows);
  if (found.count == 0) return;
  out.begin_table("Pages without links", how_many(found.count, found.first.size()), {"long:URL"});
  for (const node each : found.first) out.add("<tr><td>{}</td></tr>\n", out.link(each));
  out.end_table();
}

void write_picture(writer& out, const report_options& options) {
  if (options.picture.empty() && options.picture_caption.empty()) return;
  out.add(
      "<section class=\"picture\"><div class=\"head\"><h2>Picture</h2></div>\n<p class=\"note\">{}</p>\n{}</section>\n",
      markup_escaped(options.picture_caption), options.picture);
}

}  // namespace

std::string report_html(const link_graph& graph, const report_options& options) {
  const totals sum = totals_of(graph);
  const broken_links broken = find_broken_links(graph, options.rows, pages_of_a_broken_link);
  writer out(graph);
  write_head(out, options);
  write_totals(out, graph, sum, broken, options);
  out.add("<div class=\"pair\">\n");
  write_statuses(out, sum);
  write_depths(out, sum);
  write_skipped(out, options);
  out.add("</div>\n");
  write_broken_links(out, graph, broken);
  write_broken_fragments(out, options);
  write_redirects(out, graph, options.rows);
  write_slowest_pages(out, graph, options.rows);
  write_hosts(out, graph, options.rows);
  write_dead_ends(out, graph, options.rows);
  write_picture(out, options);
  out.add("</main>\n<script>{}</script>\n</body>\n</html>\n", detail::report_script);
  return std::move(out.html());
}

}  // namespace hocket::graph
