// hocket graph: what a crawl's links tell, of the files that it has written.

#include <charconv>
#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <hocket/graph/analysis.hpp>
#include <hocket/graph/sitemap_file.hpp>

#include "command.hpp"
#include "graph_export.hpp"

namespace hocket::app {
namespace {

struct graph_arguments {
  std::string directory;
  std::string scratch;
  std::string sitemap;
  graph::analysis_options analysis;
  std::string format;
  std::string out;
  bool json = false;
};

int analyse(const graph_arguments& arguments) {
  graph::analysis_options options = arguments.analysis;
  if (!arguments.sitemap.empty()) options.sitemap = graph::read_sitemap_file(arguments.sitemap);
  const graph::link_graph graph = read_graph(arguments.directory, arguments.scratch);
  graph::analysis found = graph::analyse(graph, options);
  found.broken_fragments = broken_fragments_of(graph, arguments.directory, options.top, arguments.scratch);
  fmt::print("{}", arguments.json ? analysis_json(found, graph) : analysis_text(found, graph));
  return done;
}

int write(const graph_arguments& arguments) {
  export_graph(read_graph(arguments.directory, arguments.scratch), arguments.format, arguments.out);
  return done;
}

// CLI11 lets NaN pass its ranges.
std::string is_damping(const std::string& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool fits = problem == std::errc() && end == text.data() + text.size() && value >= 0 && value <= 1;
  return fits ? "" : fmt::format("'{}' is not a number from 0 to 1", text);
}

void add_options(CLI::App& command, graph_arguments& arguments) {
  command.add_option("DIR", arguments.directory, "the directory that the crawl has written")->required();
  command.add_option("--top", arguments.analysis.top, "how many of each list to show")
      ->type_name("N")
      ->check(CLI::Range(0, 1'000'000'000))
      ->capture_default_str();
  command.add_option("--sitemap", arguments.sitemap, "tell orphans by this sitemap")->type_name("FILE");
  command.add_option("--damping", arguments.analysis.ranks.damping, "how much of PageRank follows links, from 0 to 1")
      ->type_name("NUMBER")
      ->check(is_damping)
      ->capture_default_str();
  command.add_option("--scratch", arguments.scratch, "where the graph stands meanwhile; by default beside the crawl")
      ->type_name("DIR");
  CLI::Option* format = command.add_option("--format", arguments.format, "write the graph itself, in this format")
                            ->check(CLI::IsMember(graph_formats()).description(""))
                            ->type_name(fmt::format("{}", fmt::join(graph_formats(), "|")));
  command.add_option("-o,--output", arguments.out, "the file to write the graph to")->type_name("FILE")->needs(format);
  command.add_flag("--json", arguments.json, "print JSON")->excludes(format);
}

}  // namespace

void add_graph(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<graph_arguments>();
  CLI::App* command = program.add_subcommand("graph", "Tell what a crawl's links tell");
  add_options(*command, *arguments);
  command->callback([arguments, &chosen] {
    chosen = [arguments] { return arguments->format.empty() ? analyse(*arguments) : write(*arguments); };
  });
}

}  // namespace hocket::app
