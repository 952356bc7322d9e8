#include "shared_commands.hpp"

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/base/grouped.hpp>

#include "merge.hpp"

namespace hocket::app {
namespace {

int merge(const std::string& out, const std::vector<std::string>& parts) {
  const merged_crawl result = merge_parts(out, parts);
  fmt::print("{} pages, {} links of {} parts -> {}/links.tsv, {}/pages.jsonl\n", grouped(result.pages),
             grouped(result.links), result.parts, out, out);
  if (result.left_out > 0)
    fmt::print("{} records are left out: other workers had these pages by then\n", grouped(result.left_out));
  if (result.unfinished > 0)
    fmt::print(stderr, "hocket crawl: {} of the workers did not come to their ends: what they skipped is not counted\n",
               result.unfinished);
  return done;
}

}  // namespace

void add_shared_commands(CLI::App& crawl, action& chosen) {
  struct merge_arguments {
    std::string out;
    std::vector<std::string> parts;
  };
  auto arguments = std::make_shared<merge_arguments>();
  CLI::App* command = crawl.add_subcommand("merge", "Join what the workers of a shared crawl have written");
  command->add_option("OUT", arguments->out, "the directory to write")->required();
  command->add_option("PART", arguments->parts, "the directories of workers, or directories of such")->required();
  command->callback([arguments, &chosen] { chosen = [arguments] { return merge(arguments->out, arguments->parts); }; });
}

}  // namespace hocket::app
