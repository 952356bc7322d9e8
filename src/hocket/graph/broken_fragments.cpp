#include <unistd.h>

#include <hocket/graph/broken_fragments.hpp>
#include <hocket/graph/html_pages.hpp>
#include <hocket/graph/line_reader.hpp>
#include <hocket/graph/scratch.hpp>
#include <hocket/graph/tab_fields.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::graph {
namespace {

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

/// Places in pages: the number of the page, and the place as anchors.tsv has it.
class places {
 public:
  places(const std::string& scratch, std::uint64_t seed) : known_(scratch, seed) {}

  void add(node page, std::string_view place) { known_.insert(key(page, place)); }
  [[nodiscard]] bool has(node page, std::string_view place) { return known_.find(key(page, place)).has_value(); }

 private:
  const std::string& key(node page, std::string_view place) {
    key_ = std::to_string(page);
    key_ += ' ';
    key_ += place;
    return key_;
  }

  text_table known_;
  std::string key_;
};

void read_places(places& known, const link_graph& graph, const std::string& directory) {
  const std::string path = directory + "/anchors.tsv";
  if (!is_there(path)) return;  // there is no place on any page
  line_reader lines(path);
  static_cast<void>(lines.next());
  while (const auto line = lines.next()) {
    const auto [page, place] = tab_fields<2>(*line, lines);
    if (const auto number = graph.find(page)) known.add(*number, place);
  }
}

/// Where one is in the end, if that is a page that was read.
std::optional<node> page_read_at(const link_graph& graph, std::string_view url) {
  auto at = graph.find(url);
  for (int hops = 0; at && hops < most_redirects; ++hops) {
    const auto next = graph.redirect(*at);
    if (!next) return is_read_html(graph, *at) ? at : std::nullopt;
    at = next;
  }
  return std::nullopt;
}

}  // namespace

std::optional<broken_fragments> find_broken_fragments(const link_graph& graph, const std::string& directory,
                                                      std::size_t at_most, const graph_options& options) {
  const std::string path = directory + "/fragments.tsv";
  if (!is_there(path)) return std::nullopt;
  places known(scratch_in(options.scratch_directory, directory), options.seed);
  read_places(known, graph, directory);
  line_reader lines(path);
  static_cast<void>(lines.next());
  broken_fragments found;
  while (const auto line = lines.next()) {
    const auto [source, target, fragment] = tab_fields<3>(*line, lines);
    const auto page = page_read_at(graph, target);
    const auto holder = graph.find(source);
    if (!page || !holder) continue;
    ++found.checked;
    if (known.has(*page, percent_encode_path(fragment)) ||
        known.has(*page, percent_encode_path(percent_decode(fragment))))
      continue;
    if (++found.count <= at_most) found.first.push_back({*holder, *graph.find(target), std::string(fragment)});
  }
  return found;
}

}  // namespace hocket::graph
