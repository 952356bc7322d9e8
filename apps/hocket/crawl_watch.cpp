#include "crawl_watch.hpp"

#include <chrono>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/crawl/stats/stats_site.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/loop/system_wall_clock.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

// For one who looks on and the programs that ask for metrics.
http::server_options small_server() {
  http::server_options options;
  options.max_connections = 32;
  options.max_head_bytes = 16 * 1024;
  options.max_body_bytes = 0;
  options.shutdown = std::chrono::seconds(1);
  options.wall_clock = system_wall_clock;
  return options;
}

tcp_listener listen_here(std::uint16_t port) {
  const socket_address here = *socket_address::parse("127.0.0.1", port);
  try {
    return tcp_listener::listen(here);
  } catch (const std::system_error& problem) {
    throw failure(fmt::format("cannot serve statistics at {}: {}", here.to_string(), problem.code().message()),
                  work_failed);
  }
}

}  // namespace

void add_watch_options(CLI::App& command, watch_arguments& arguments) {
  command
      .add_option("--stats-port", arguments.stats_port, "serve statistics at 127.0.0.1 while it runs; 0 finds a port")
      ->type_name("PORT")
      ->check(CLI::Range(0, 65'535).description(""));
  CLI::Option* log =
      command.add_option("--log", arguments.log_file, "append a line for each attempt at a page")->type_name("FILE");
  command.add_option("--log-format", arguments.log_format, "what these lines are")
      ->check(CLI::IsMember({"json", "text"}).description(""))
      ->type_name("text|json")
      ->capture_default_str()
      ->needs(log);
}

coro<std::unique_ptr<crawl_watch>> crawl_watch::open(const watch_arguments& wanted, const crawl::crawl_stats& counted,
                                                     sayer say) {
  std::unique_ptr<crawl_watch> made(new crawl_watch(counted, std::move(say)));
  if (wanted.stats_port) made->listener_ = listen_here(*wanted.stats_port);
  if (!wanted.log_file.empty()) {
    try {
      made->log_ = co_await crawl_log::open(
          wanted.log_file, wanted.log_format == "json" ? log_format::json : log_format::text, made->say_);
    } catch (const std::system_error& problem) {
      throw failure(fmt::format("cannot write the log '{}': {}", wanted.log_file, problem.code().message()),
                    work_failed);
    }
  }
  co_return made;
}

void crawl_watch::add_hooks(crawl::crawl_hooks& hooks) {
  if (log_) hooks.on_attempt = [log = log_.get()](const crawl::attempt_record& attempt) { log->add(attempt); };
}

void crawl_watch::serve(const crawl::engine& work) {
  if (!listener_) return;
  say_(fmt::format("statistics at http://{}/", listener_->local_address().to_string()));
  serving_ = create_task(serve_all(work), {.name = "statistics"});
}

coro<void> crawl_watch::serve_all(const crawl::engine& work) {
  http::server web(crawl::stats_site(work, counted_), small_server());
  co_await web.serve(*listener_);
}

coro<void> crawl_watch::close() {
  if (serving_) {
    serving_->cancel();
    static_cast<void>(co_await as_result(*serving_));
  }
  if (log_) co_await log_->close();
}

}  // namespace hocket::app
