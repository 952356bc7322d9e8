#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/run_loops.hpp>
#include <hocket/crawl/engine.hpp>
#include <hocket/crawl/hooks.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/crawl/roles.hpp>

namespace hocket::crawl {

namespace detail {
class one_writer;
class spread_urls;
}  // namespace detail

/// Adds what belongs to one loop: a resolver, cookies, `security` to the options, a downloader, a spider to the roles, but no frontier. Called on the thread of
/// that loop, on several at once.
using equipment = std::function<void(std::size_t loop, crawl_options& options, crawl_roles& roles)>;

/// One crawl on several loops, each on a thread of its own: each host belongs to one of them, with its politeness, its robots.txt and its traps. Each loop
/// sends what it finds of others' hosts to these.
///
/// One writer: pages reach the pipeline, and what hooks are told them, on the loop where this was made. The hooks that are asked (`before_request`,
/// `on_response`, `on_links`, `record`) are called on the loops' threads, several at once.
///
/// `concurrency` and `max_held_bytes` are divided among the loops; limits of sitemaps are each loop's. `max_pages` and `depth` hold for all together.
/// What would need to know all hosts is each loop's, too: `max_duplicates`, `per_address`, the cookies of a jar that each has.
class spread_crawler final : public engine {
 public:
  /// Made where a loop runs, which only writes. `out` must outlive it. `loops`: from 1 on; never more than `concurrency`. What `options` refers to is used by
  /// all loops at once, unless `equip` puts something else in its place.
  spread_crawler(std::size_t loops, crawl_options options, pipeline& out, crawl_hooks hooks = {}, equipment equip = {},
                 run_options how = {});
  ~spread_crawler() override;
  spread_crawler(const spread_crawler&) = delete;

  [[nodiscard]] coro<void> run() override;
  /// As it was at most a tenth of a second ago.
  [[nodiscard]] crawl::progress progress() const override;
  /// When `run` has ended.
  [[nodiscard]] std::vector<resting_host> resting() const override;

 private:
  struct part {
    // Under `mutex_`.
    loop* home = nullptr;           // as long as it crawls
    cancel_scope* crawl = nullptr;  // the same; on its thread only
    crawl::progress so_far{};
    std::vector<resting_host> resting{};
  };

  coro<void> run_all();
  coro<void> crawl_on(std::size_t which);
  coro<void> tell_regularly(std::size_t which, const engine& work);
  void tell(std::size_t which, const engine& work);
  [[nodiscard]] crawl_options options_of(std::size_t which) const;
  void stop();
  coro<void> settle(const task<void>& threads);

  crawl_options options_;
  pipeline& out_;
  crawl_hooks hooks_;
  equipment equip_;
  run_options how_;
  std::unique_ptr<detail::one_writer> writer_;
  std::shared_ptr<detail::spread_urls> urls_;
  time_point begun_{};

  mutable std::mutex mutex_;
  std::vector<part> parts_;
  bool is_stopping_ = false;
};

}  // namespace hocket::crawl
