#include "crawl_places.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/core/as_result.hpp>
#ifdef HOCKET_HAS_ROCKSDB
#include <hocket/crawl_rocksdb/rocksdb_frontier.hpp>
#endif
#include <hocket/loop/system_wall_clock.hpp>

#include "command.hpp"
#include "seeds.hpp"
#include "shared_crawl.hpp"

namespace hocket::app {
namespace {

const std::string& files_of(const crawl_arguments& arguments) {
  return arguments.aside.empty() ? arguments.out : arguments.aside;
}

// After the output, whose lock says that nobody else writes into the directory.
coro<void> open_archive(const crawl_arguments& arguments, const earlier_crawl* earlier, crawl_places& places) {
  if (!arguments.warc) co_return;
  crawl::warc_options options{.directory = arguments.out,
                              .file_bytes = arguments.warc_file_bytes,
                              .about = {{"software", "hocket " HOCKET_VERSION},
                                        {"format", "WARC File Format 1.1"},
                                        {"http-header-user-agent", arguments.options.user_agent},
                                        {"robots", arguments.ignore_robots ? "ignore" : "obey"}},
                              .wall_clock = system_wall_clock};
  if (earlier != nullptr) options.archived = [earlier](std::string_view where) { return earlier->archived(where); };
  places.archive = co_await crawl::warc_archive::open(std::move(options));
  places.archived = std::make_unique<crawl::warc_pipeline>(*places.archive, *places.out);
}

#ifdef HOCKET_HAS_ROCKSDB
crawl::rocksdb_frontier_options frontier_options_of(const crawl::crawl_options& options) {
  crawl::rocksdb_frontier_options made{.by_level = options.depth.has_value(), .order = options.order};
  made.of_host = std::max(made.of_host, 4 * options.concurrency);
  made.in_all = std::max(made.in_all, 4 * made.of_host);
  return made;
}

coro<crawl::output> open_output(std::string directory, const crawl::rocksdb_frontier& kept) {
  if (kept.position().empty()) co_return co_await crawl::output::open(std::move(directory));
  co_return co_await crawl::output::reopen(std::move(directory), kept.position());
}

bool lacks_lines(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const crawl::lines_missing&) {
    return true;
  } catch (...) {
    return false;
  }
}
#endif

}  // namespace

static coro<crawl_places> open_plain(const crawl_arguments& arguments, const earlier_crawl* earlier) {
  crawl_places places;
  places.out = std::make_unique<crawl::output>(co_await crawl::output::open(files_of(arguments)));
  co_await open_archive(arguments, earlier, places);
  co_return places;
}

static coro<crawl_places> open_shared(const crawl_arguments& arguments, crawl::crawl_options& options) {
  crawl_places places = co_await open_plain(arguments, nullptr);
  co_await join_shared(arguments, options, places);
  co_return places;
}

#ifdef HOCKET_HAS_ROCKSDB
coro<crawl_places> open_places(const crawl_arguments& arguments, const earlier_crawl* earlier,
                               crawl::crawl_options& options, progress_display& display) {
  if (arguments.frontier.empty()) co_return co_await open_plain(arguments, earlier);
  if (is_shared(arguments.frontier)) co_return co_await open_shared(arguments, options);
  crawl_places places;
  using mode = crawl::rocksdb_frontier::mode;
  if (arguments.resume)
    take_settings(co_await crawl::rocksdb_frontier::settings_of(arguments.frontier), arguments.given, options);
  auto kept = co_await crawl::rocksdb_frontier::open(arguments.frontier, arguments.resume ? mode::resume : mode::begin,
                                                     settings_of(options), frontier_options_of(options));
  for (const std::string& seed : kept->seeds()) options.seeds.push_back(parse_seed(seed, ""));
  auto out = co_await as_result(open_output(arguments.out, *kept));
  if (!out && lacks_lines(out.error())) {
    const std::uint64_t again = co_await kept->go_back();
    display.say(fmt::format("hocket crawl: '{}' lacks the lines of the last pages: {} are fetched again", arguments.out,
                            grouped(again)));
    out = co_await as_result(open_output(arguments.out, *kept));
  }
  if (!out) std::rethrow_exception(out.error());
  places.out = std::make_unique<crawl::output>(std::move(*out));
  co_await open_archive(arguments, earlier, places);
  kept->write_to(places.pipeline());
  places.frontier = std::move(kept);
  co_return places;
}
#else
coro<crawl_places> open_places(const crawl_arguments& arguments, const earlier_crawl* earlier,
                               crawl::crawl_options& options, progress_display&) {
  if (is_shared(arguments.frontier)) co_return co_await open_shared(arguments, options);
  if (!arguments.frontier.empty())
    throw failure("this hocket was built without RocksDB, and has no --frontier in a folder", wrong_usage);
  co_return co_await open_plain(arguments, earlier);
}
#endif

}  // namespace hocket::app
