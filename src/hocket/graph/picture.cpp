// Graphviz finds the places, hocket writes the picture: so labels are escaped in one way only, and what the picture looks like is decided here.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/base/grouped.hpp>
#include <hocket/base/utf8.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/graph/hosts.hpp>
#include <hocket/graph/markup.hpp>
#include <hocket/graph/picture.hpp>
#include <hocket/io/subprocess_exec.hpp>

namespace hocket::graph {
namespace {

constexpr auto patience = std::chrono::minutes(1);
constexpr double width = 1000, margin = 60;
constexpr double smallest = 3, largest = 18;  // radius of a point
constexpr std::size_t most_labels = 16;
constexpr std::size_t longest_label = 32;  // in characters

std::string layout_question(const drawing& picture) {
  std::string dot = "digraph{node[shape=point,width=0.1];\n";
  const auto out = std::back_inserter(dot);
  for (std::size_t n = 0; n < picture.points.size(); ++n) fmt::format_to(out, "n{};", n);
  for (const drawing::line& each : picture.lines) fmt::format_to(out, "n{}->n{};\n", each.from, each.to);
  return dot + "}\n";
}

/// The next word of a line, which loses it.
std::string_view take_word(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

template <class Number>
bool is_read(Number& to, std::string_view text) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), to);
  return problem == std::errc() && end == text.data() + text.size();
}

/// Of `-Tplain`: "node n7 1.5 2.25 ..." for each. Throws `hocket::error` if one is missing.
/// Source: https://graphviz.org/docs/outputs/plain/
std::vector<place> layout_answer(std::string_view text, std::size_t count) {
  std::vector<place> places(count);
  std::size_t found = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (take_word(line) != "node") continue;
    const std::string_view name = take_word(line);
    std::size_t number = 0;
    place where{};
    if (!name.starts_with('n') || !is_read(number, name.substr(1)) || number >= count) continue;
    if (!is_read(where.x, take_word(line)) || !is_read(where.y, take_word(line))) continue;
    places[number] = where;
    ++found;
  }
  if (found != count) throw error("sfdp has not laid out the whole graph");
  return places;
}

std::string colour_of(drawing::state what) {
  switch (what) {
    case drawing::state::fetched:
      return "#2b6cb0";
    case drawing::state::broken:
      return "#c53030";
    case drawing::state::redirected:
      return "#b7791f";
    case drawing::state::not_fetched:
      break;
  }
  return "#a0aec0";
}

std::string what_is_known(const drawing::point& point) {
  if (point.urls > 1) return fmt::format(" ({} URLs)", grouped(point.urls));
  switch (point.what) {
    case drawing::state::broken:
      return " (broken)";
    case drawing::state::redirected:
      return " (redirected)";
    case drawing::state::not_fetched:
      return " (not fetched)";
    case drawing::state::fetched:
      break;
  }
  return "";
}

/// The last part of a URL's path, or its host; a host is its own label.
std::string label_of(std::string_view name) {
  std::string_view label = host_of(name);
  const auto scheme_end = name.find("://");
  if (scheme_end != std::string_view::npos) {
    std::string_view path = name.substr(scheme_end + 3);
    path = path.substr(0, path.find_first_of("?#"));
    if (path.ends_with('/')) path.remove_suffix(1);
    if (path.contains('/')) label = path.substr(path.rfind('/') + 1);
  }
  std::string shown;
  for (std::size_t characters = 0; !label.empty(); ++characters) {
    if (characters == longest_label) return shown + "…";
    const utf8_character next = leading_utf8(label);
    append_utf8(shown, next.value);
    label.remove_prefix(next.size);
  }
  return shown;
}

/// Moves and scales, alike in both directions, so that all fits the width. The second is the height.
std::pair<std::vector<place>, double> fitted(std::vector<place> places) {
  if (places.empty()) return {{}, 2 * margin};
  const auto [left, right] = std::ranges::minmax(places, {}, &place::x);
  const auto [lowest, highest] = std::ranges::minmax(places, {}, &place::y);
  const double breadth = std::max({right.x - left.x, highest.y - lowest.y, 1e-6});
  const double scale = (width - 2 * margin) / breadth;
  const double indent = margin + (width - 2 * margin - (right.x - left.x) * scale) / 2;
  for (place& each : places)
    each = {indent + (each.x - left.x) * scale, margin + (highest.y - each.y) * scale};  // y goes down in SVG
  return {std::move(places), (highest.y - lowest.y) * scale + 2 * margin};
}

}  // namespace

coro<std::vector<place>> lay_out(const drawing& picture) {
  const std::vector<std::string> command{"sfdp", "-Goverlap=prism", "-Gstart=1", "-Tplain"};
  create_subprocess_options streams;
  streams.stdin_ = subprocess::pipe;
  streams.stdout_ = subprocess::pipe;
  streams.stderr_ = subprocess::devnull;
  std::string question = layout_question(picture);
  std::optional<subprocess::process> sfdp;
  try {
    sfdp.emplace(co_await create_subprocess_exec(command, streams));
  } catch (const std::system_error& failed) {
    throw error(fmt::format("cannot run Graphviz' sfdp, which lays pictures out: {}", failed.code().message()));
  }
  const subprocess::outputs written = co_await wait_for(sfdp->communicate(std::move(question)), patience);
  if (sfdp->returncode() != 0) throw error(fmt::format("sfdp ended with code {}", sfdp->returncode().value_or(-1)));
  co_return layout_answer(written.out, picture.points.size());
}

std::string svg_of(const drawing& picture, const std::vector<place>& found) {
  const auto [places, height] = fitted(found);
  double heaviest = 1e-12;
  for (const drawing::point& each : picture.points) heaviest = std::max(heaviest, each.weight);
  const auto radius = [&](const drawing::point& each) {
    return smallest + (largest - smallest) * std::sqrt(each.weight / heaviest);
  };
  std::string svg = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {:.0f} {:.0f}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<g stroke="#718096" stroke-opacity="{}" fill="none">
)",
      width, height, picture.lines.size() > 1000 ? "0.15" : "0.35");
  const auto out = std::back_inserter(svg);
  for (const drawing::line& each : picture.lines)
    fmt::format_to(out, "<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke-width=\"{:.2f}\"/>\n", places[each.from].x,
                   places[each.from].y, places[each.to].x, places[each.to].y,
                   std::min(0.8 + 0.4 * std::log2(static_cast<double>(each.links)), 4.0));
  svg += "</g>\n<g stroke=\"#ffffff\" stroke-width=\"1\">\n";
  for (std::size_t n = 0; n < picture.points.size(); ++n) {
    const drawing::point& each = picture.points[n];
    fmt::format_to(out,
                   R"(<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="{}"><title>{}{}</title></circle>)"
                   "\n",
                   places[n].x, places[n].y, radius(each), colour_of(each.what), markup_escaped(each.name),
                   what_is_known(each));
  }
  svg +=
      "</g>\n<g fill=\"#1a202c\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\" "
      "text-anchor=\"middle\">\n";
  for (std::size_t n = 0; n < std::min(most_labels, picture.points.size()); ++n)  // the heaviest come first
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", places[n].x,
                   places[n].y - radius(picture.points[n]) - 4, markup_escaped(label_of(picture.points[n].name)));
  return svg + "</g>\n</svg>\n";
}

}  // namespace hocket::graph
