#include "crawl_result.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/crawl/summary.hpp>
#include <hocket/loop/loop.hpp>

#include "graph_export.hpp"
#include "report_file.hpp"
#include "shared_crawl.hpp"
#include "shell_word.hpp"

namespace hocket::app {
namespace {

void print_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  fmt::print("{}", std::string(std::istreambuf_iterator<char>(file), {}));
}

std::string how_to_go_on(const crawl_arguments& arguments) {
  if (arguments.frontier.empty()) return "crawling again begins anew";
  if (is_shared(arguments.frontier)) return "the other workers, or the same command, go on";
  return fmt::format("hocket crawl --resume --frontier {} --out {} goes on", shell_word(arguments.frontier),
                     shell_word(arguments.out));
}

std::string in_words(duration time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  if (seconds <= 120) return fmt::format("{} {}", seconds, seconds == 1 ? "second" : "seconds");
  if (seconds <= 7200) return fmt::format("{} minutes", (seconds + 59) / 60);
  return fmt::format("{} hours", (seconds + 3599) / 3600);
}

void print_left_alone(const crawl_arguments& arguments, std::uint64_t left,
                      std::span<const crawl::resting_host> resting) {
  std::string first;
  if (!resting.empty()) {
    const auto next = std::ranges::min(resting, {}, &crawl::resting_host::until).until;
    first = ", the first for " + in_words(next - loop::running().time());
  }
  fmt::print("{} known {} not fetched: hosts want to be left alone{}; after that {}\n", grouped(left),
             left == 1 ? "URL was" : "URLs were", first, how_to_go_on(arguments));
}

std::uint64_t skipped(const crawl::progress& result, std::string_view reason) {
  const auto found = result.skipped.find(reason);
  return found == result.skipped.end() ? 0 : found->second;
}

}  // namespace

void print_result(const crawl_arguments& arguments, const crawl::progress& result, bool was_interrupted,
                  std::span<const crawl::resting_host> resting) {
  if (arguments.json && arguments.refresh && !was_interrupted) return;  // the changes belong to it, and come yet
  if (arguments.json) return fmt::print("{}", crawl::summary_json(result));
  if (arguments.quiet) return;
  if (arguments.refresh && !was_interrupted && result.ok == 0) return;  // the files stay what they were
  if (was_interrupted && arguments.refresh)
    return fmt::print("interrupted: the files in '{}' are those of the earlier crawl\n", arguments.out);
  const double seconds = std::chrono::duration<double>(result.elapsed).count();
  fmt::print("{} {} ({} ok, {} failed), {} links in {:.2f} s -> {}/links.tsv, {}/pages.jsonl\n", grouped(result.pages),
             result.pages == 1 ? "page" : "pages", grouped(result.ok), grouped(result.failed), grouped(result.links),
             seconds, arguments.out, arguments.out);
  if (const std::uint64_t left = skipped(result, "host_rests"); left > 0) print_left_alone(arguments, left, resting);
  if (was_interrupted)
    fmt::print("interrupted: {} known URLs were not fetched; {}\n", grouped(skipped(result, "interrupted")),
               how_to_go_on(arguments));
}

void print_changes(const crawl_arguments& arguments, const graph::change_counts& counts, std::uint64_t not_sent) {
  if (arguments.json) return print_file(arguments.out + "/summary.json");
  if (arguments.quiet || arguments.check.wanted) return;
  const auto number = [](std::uint64_t count, const char* of) {
    return fmt::format("{} {}{}", grouped(count), of, count == 1 ? "" : "s");
  };
  const bool is_same = counts == graph::change_counts();
  const std::string what =
      is_same ? "nothing has changed"
              : fmt::format("since then: {} new, {} gone, {} changed; {} added, {} gone; {} broken, {} mended",
                            number(counts.fresh, "page"), grouped(counts.gone), grouped(counts.changed),
                            number(counts.links_added, "link"), grouped(counts.links_gone),
                            number(counts.broken, "URL"), grouped(counts.mended));
  fmt::print("{}; {} {} not sent again -> {}/changes.tsv\n", what, number(not_sent, "page"),
             not_sent == 1 ? "was" : "were", arguments.out);
}

void write_graph_and_report(const crawl_arguments& arguments) {
  if (arguments.graph_format.empty() && !arguments.report && (!arguments.check_fragments || arguments.check.wanted))
    return;
  const graph::link_graph graph = read_graph(arguments.out);
  if (!arguments.graph_format.empty())
    export_graph(graph, arguments.graph_format, fmt::format("{}/graph.{}", arguments.out, arguments.graph_format));
  if (arguments.report) write_report({.directory = arguments.out}, graph);
  if (arguments.check_fragments && !arguments.quiet && !arguments.json && !arguments.check.wanted) {
    const auto broken = broken_fragments_of(graph, arguments.out, 0).value_or(graph::broken_fragments());
    fmt::print("{} of {} fragments name nothing on their page{}\n", grouped(broken.count), grouped(broken.checked),
               broken.count == 0 ? "" : fmt::format("; hocket graph {} lists them", arguments.out));
  }
}

}  // namespace hocket::app
