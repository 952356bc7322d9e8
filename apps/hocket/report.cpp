// hocket report: a page about a crawl, of the files that it has written.

#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "command.hpp"
#include "graph_export.hpp"
#include "report_file.hpp"

namespace hocket::app {

void add_report(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<report_arguments>();
  CLI::App* command = program.add_subcommand("report", "Write a page about a crawl");
  command->add_option("DIR", arguments->directory, "the directory that the crawl has written")->required();
  command->add_option("-o,--output", arguments->out, "the file to write; by default report.html in the directory")
      ->type_name("FILE");
  command->add_option("--rows", arguments->rows, "rows of each table at most")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_flag("--no-picture", arguments->no_picture, "leave the picture out");
  command->add_option("--scratch", arguments->scratch, "where the graph stands meanwhile; by default beside the crawl")
      ->type_name("DIR");
  command->callback([arguments, &chosen] {
    chosen = [arguments] {
      const auto graph = read_graph(arguments->directory, arguments->scratch);
      fmt::print("{}\n", write_report(*arguments, graph));
      return done;
    };
  });
}

}  // namespace hocket::app
