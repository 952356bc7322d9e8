// Reads the input as the files of a crawl, and makes of it all that can be made: each either complains in one line or gives text that is UTF-8.
// The input is links.tsv, pages.jsonl, anchors.tsv, fragments.tsv and a sitemap, with NUL between them.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/base/utf8.hpp>
#include <hocket/graph/analysis.hpp>
#include <hocket/graph/drawing.hpp>
#include <hocket/graph/exports.hpp>
#include <hocket/graph/picture.hpp>
#include <hocket/graph/report.hpp>
#include <hocket/graph/sitemap_file.hpp>

namespace {

using namespace hocket::graph;

void require(bool holds) {
  if (!holds) std::abort();
}

struct own_folder {
  std::string name = std::filesystem::exists("/dev/shm") ? "/dev/shm/hocket-fuzz-XXXXXX" : "/tmp/hocket-fuzz-XXXXXX";
  own_folder() { require(::mkdtemp(name.data()) != nullptr); }
  ~own_folder() { std::filesystem::remove_all(name); }
};

const std::string& folder() {
  static const own_folder made;
  return made.name;
}

std::string_view take_file(std::string_view& input) {
  const auto end = std::min(input.find('\0'), input.size());
  const std::string_view taken = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return taken;
}

void make_everything() {
  const link_graph graph = link_graph::read(folder());
  auto found =
      analyse(graph, {.top = 5, .ranks = {.max_iterations = 3}, .sitemap = read_sitemap_file(folder() + "/sitemap")});
  found.broken_fragments = find_broken_fragments(graph, folder(), 5);
  require(hocket::is_valid_utf8(analysis_text(found, graph)));
  require(hocket::is_valid_utf8(analysis_json(found, graph)));
  const drawing picture = draw(graph, {.max_points = 5});
  const std::string svg = svg_of(picture, std::vector<place>(picture.points.size()));
  require(hocket::is_valid_utf8(report_html(graph, {.rows = 5, .fragments = found.broken_fragments, .picture = svg})));
  for (const auto write : {write_csv, write_dot, write_edges, write_graphml}) {
    std::ostringstream out;
    write(out, graph);
    require(hocket::is_valid_utf8(out.str()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::array<std::string_view, 5> headers{"source_url\tparsed_url\n", "", "page_url\tanchor\n",
                                                "source_url\tparsed_url\tfragment\n", ""};
  const std::array<const char*, 5> names{"links.tsv", "pages.jsonl", "anchors.tsv", "fragments.tsv", "sitemap"};
  for (std::size_t n = 0; n < names.size(); ++n)
    std::ofstream(folder() + "/" + names[n], std::ios::binary) << headers[n] << take_file(input);
  try {
    make_everything();
  } catch (const hocket::error& complaint) {
    require(std::string_view(complaint.what()).find('\n') == std::string_view::npos);
  }
  return 0;
}
