#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <hocket/core/task.hpp>
#include <hocket/crawl/engine.hpp>
#include <hocket/crawl/stats/crawl_stats.hpp>
#include <hocket/io/tcp.hpp>

#include "crawl_log.hpp"

namespace CLI {
class App;
}

namespace hocket::app {

struct watch_arguments {
  std::optional<std::uint16_t> stats_port;
  std::string log_file;
  std::string log_format = "text";
};

void add_watch_options(CLI::App& command, watch_arguments& arguments);

/// Who watches a crawl besides the terminal: a log of its attempts, and a server of its numbers.
class crawl_watch {
 public:
  using sayer = std::function<void(const std::string& line)>;

  /// Opens the log and the port, as far as they are wanted. `counted` outlives it. Throws `failure` (work failed).
  [[nodiscard]] static coro<std::unique_ptr<crawl_watch>> open(const watch_arguments& wanted,
                                                               const crawl::crawl_stats& counted, sayer say);

  void add_hooks(crawl::crawl_hooks& hooks);
  /// Serves, until `close`, and says where.
  void serve(const crawl::engine& work);
  [[nodiscard]] coro<void> close();

 private:
  crawl_watch(const crawl::crawl_stats& counted, sayer say) : counted_(counted), say_(std::move(say)) {}
  coro<void> serve_all(const crawl::engine& work);

  const crawl::crawl_stats& counted_;
  sayer say_;
  std::unique_ptr<crawl_log> log_;
  std::optional<tcp_listener> listener_;
  std::optional<task<void>> serving_;
};

}  // namespace hocket::app
