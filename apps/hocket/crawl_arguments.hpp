#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <hocket/crawl/options.hpp>
#include <hocket/crawl/page_elements.hpp>

#include "check.hpp"
#include "crawl_progress.hpp"
#include "crawl_session.hpp"
#include "crawl_settings.hpp"
#include "crawl_watch.hpp"
#include "name_resolver.hpp"

namespace CLI {
class App;
}

namespace hocket::app {

/// What --progress takes.
enum class when { automatic, always, never };

/// The command line of `hocket crawl`.
struct crawl_arguments {
  std::vector<std::string> urls;
  std::string seeds_file;
  std::string out = "out";
  std::string authorities_file;
  bool insecure = false;
  bool ignore_robots = false;
  std::string frontier;
  bool resume = false;
  std::size_t loops = 1;
  double lease_seconds = 20;
  std::uint64_t frontier_memory = std::uint64_t{1} << 30;
  std::string parts;   // the folder of all parts
  std::string worker;  // how this process is called among those who share the crawl; empty: it is not shared
  resolver_arguments resolver;
  crawl_session_arguments session;
  crawl::crawl_options options;
  std::optional<unsigned> depth;
  given_settings given;
  std::optional<std::uint64_t> max_pages;
  double timeout_seconds = 30;
  std::optional<std::size_t> per_host;
  std::optional<double> delay_seconds;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::vector<std::string> first;
  std::vector<std::string> last;
  when progress = when::automatic;
  std::string graph_format;
  bool report = false;
  bool warc = false;
  std::uint64_t warc_file_bytes = std::uint64_t{1} << 30;
  std::string elements = "links";
  bool check_fragments = false;
  watch_arguments watch;
  check_arguments check;
  bool has_out = false;  // it was given
  bool refresh = false;
  std::string aside;  // where the files are written until they take their place in `out`; empty: there
  bool json = false;
  bool quiet = false;
  bool verbose = false;
};

void add_crawl_options(CLI::App& command, crawl_arguments& arguments);

/// What they say of how to crawl, seeds from a file included. Blocks. Throws `failure`: options that do not go together, a file that cannot be read.
[[nodiscard]] crawl::crawl_options options_of(const crawl_arguments& arguments);
/// What is taken from pages besides links.
[[nodiscard]] crawl::element_options elements_of(const crawl_arguments& arguments);
/// How to show how far it is.
[[nodiscard]] progress_display::mode mode_of(const crawl_arguments& arguments);

}  // namespace hocket::app
