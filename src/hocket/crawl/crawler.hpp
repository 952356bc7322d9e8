#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/counters.hpp>
#include <hocket/crawl/engine.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/hooks.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/packed_targets.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/crawl/roles.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/crawl/scope.hpp>
#include <hocket/crawl/tally.hpp>
#include <hocket/crawl/traps.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::crawl {

namespace detail {
class address_finder;
class asker;
class byte_budget;
struct fetched_page;
class page_fetcher;
class sitemap_fetcher;
}  // namespace detail

/// Follows links from the seeds and hands on what it finds, page by page: the engine, which owns the tasks.
///
///     frontier ---- scheduler --> engine --> downloader          what may be fetched, by whom
///        ^                          |
///        +-------- links -------- spider --> pipeline            what was found, and where it goes
///
/// One coroutine hands out URLs, one for each page fetches it and has the spider read it while the bytes arrive. With a
/// frontier in memory, memory does not grow with the pages, only with the URLs. Belongs to one loop.
class crawler final : public engine {
 public:
  /// Made where a loop runs. `out` must outlive it.
  crawler(crawl_options options, pipeline& out, crawl_hooks hooks = {}, crawl_roles roles = {});
  ~crawler() override;
  crawler(const crawler&) = delete;

  [[nodiscard]] coro<void> run() override;
  [[nodiscard]] crawl::progress progress() const override;
  [[nodiscard]] std::vector<resting_host> resting() const override { return scheduler_.resting(); }

 private:
  class ticket;

  coro<void> hand_out();
  void reach_limit(const target& one_too_many);
  void stop_at_limit();
  [[nodiscard]] bool fill_up();
  [[nodiscard]] coro<bool> take_more();
  coro<void> bring_back();
  [[nodiscard]] bool has_all_pages() const;
  coro<void> settle();
  coro<void> flush_regularly();
  void tell_attempt(const target& next, const detail::fetched_page& result, time_point begun, bool is_tried_again);
  coro<bool> has_room(const target& next, time_point slot_taken);
  coro<void> crawl_page(target next, ticket mine);
  coro<void> read_sitemaps(target next, ticket mine);
  [[nodiscard]] std::vector<url> also_found(const target& next, const detail::fetched_page& result);
  coro<bool> take_from_sitemap(url sitemap, std::vector<page_link> pages);
  coro<void> finish(const target& next, detail::fetched_page& result, time_point begun);
  [[nodiscard]] verdict judge(const url& found);
  [[nodiscard]] int priority_of(const url& found) const;
  [[nodiscard]] std::string_view reason_against(const url& found);
  coro<void> remember_counts();
  coro<void> remember_rests();
  [[nodiscard]] scheduler_options how_to_schedule();
  host_limits limits_of(const url& whose);
  void rest(const url& whose, duration how_long);
  void queue(std::vector<target> fresh);
  void queue_again(target sitemaps, duration wait);
  void skip(std::string_view url, std::string_view reason);
  void leave(const target& one, std::string_view reason);
  void note(const std::string& text);
  [[nodiscard]] bool postpone(const target& next, detail::fetched_page& result);
  page_record record(const target& next, const detail::fetched_page& result, time_point begun);
  void output_failed(std::exception_ptr why) noexcept;
  coro<void> count_what_is_left();

  crawl_options options_;
  scope scope_;
  pipeline& out_;
  crawl_hooks hooks_;
  crawl_roles roles_;
  std::unique_ptr<detail::asker> asker_;
  robots_cache robots_;
  frontier::judge judge_;
  counters counters_;
  traps traps_;
  scheduler scheduler_;
  std::unique_ptr<detail::address_finder> addresses_;  // null: requests at one address are not counted
  std::unique_ptr<detail::byte_budget> room_;          // for what was found and is not written down
  std::unique_ptr<detail::page_fetcher> fetcher_;
  std::unique_ptr<detail::sitemap_fetcher> sitemaps_;  // null: they are not wanted
  std::unordered_set<std::string> sites_;              // by origin: those whose sitemaps were found
  semaphore slots_;
  event nothing_under_way_;
  std::size_t under_way_ = 0;
  tally counts_;
  std::uint64_t earlier_pages_ = 0;  // of these, of earlier runs
  std::uint64_t earlier_bytes_ = 0;
  std::uint64_t handed_out_ = 0;
  packed_targets beyond_limit_;  // new, and to be fetched if others turn out to be no pages
  cancel_scope* handing_out_ = nullptr;
  lock taking_more_;
  event host_came_back_;  // that the frontier may keep URLs of
  time_point begun_{};
  std::exception_ptr broken_;  // the output failed: the crawl ends with this
  bool stopping_ = false;
  bool handed_out_all_ = false;
  bool reached_limit_ = false;
};

}  // namespace hocket::crawl
