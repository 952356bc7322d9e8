#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/downloader.hpp>
#include <hocket/crawl/duplicates.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/crawl/scope.hpp>
#include <hocket/crawl/spider.hpp>
#include <hocket/crawl/tally.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::crawl {

/// How far a crawl is. What an earlier run of it has come to counts.
struct progress : tally {
  std::size_t in_flight = 0;
  std::size_t queued = 0;
  duration elapsed{};  // of this run
};

/// What a crawl tells while it runs, and where one may step in. All are called on the loop, and must not throw.
struct crawl_hooks {
  /// Before each request, those of redirects included: may change fields, cookies, credentials.
  std::function<void(const url& where, http::request_options&)> before_request{};
  /// The head of an answer has come.
  std::function<void(const url& where, const http::response&)> on_response{};
  /// A page was read: may change what was found, before it is written and followed.
  std::function<void(const url& page, findings&)> on_links{};
  /// For each item that a page gave, as it is written.
  std::function<void(const url& page, std::string_view json)> on_item{};
  std::function<void(const page_record&)> on_page{};
  std::function<void(std::string_view url, std::string_view reason)> on_skip{};
  /// Once each: things that the user should know.
  std::function<void(const std::string&)> on_note{};
};

/// The parts of a crawl that one may bring along; null: the usual one, made of the options.
struct crawl_roles {
  std::shared_ptr<crawl::downloader> downloader{};
  std::shared_ptr<crawl::spider> spider{};
  std::shared_ptr<crawl::frontier> frontier{};
};

/// Follows links from the seeds and hands on what it finds, page by page: the engine, which owns the tasks.
///
///     frontier ---- scheduler --> engine --> downloader          what may be fetched, by whom
///        ^                          |
///        +-------- links -------- spider --> pipeline            what was found, and where it goes
///
/// One coroutine hands out URLs, one for each page fetches it and has the spider read it while the bytes arrive. With a
/// frontier in memory, memory does not grow with the pages, only with the URLs. Belongs to one loop.
class crawler {
 public:
  /// Made where a loop runs. `out` must outlive it.
  crawler(crawl_options options, pipeline& out, crawl_hooks hooks = {}, crawl_roles roles = {});
  ~crawler();
  crawler(const crawler&) = delete;

  /// Crawls until nothing is left. Cancelled, it takes no more URLs, finishes the pages under way, writes what was found, and
  /// throws `cancelled`. Throws `hocket::error` if the output cannot be written.
  [[nodiscard]] coro<void> run();

  [[nodiscard]] crawl::progress progress() const;

 private:
  struct outcome;
  class ticket;

  coro<void> hand_out();
  void reach_limit(const target& one_too_many);
  coro<void> settle();
  coro<void> flush_regularly();
  coro<void> crawl_page(target next, ticket mine);
  coro<void> fetch(const target& next, outcome& result);
  coro<bool> may_fetch(const target& next, outcome& result);
  void refuse(const target& next, outcome& result);
  void take_declarations(findings& found, outcome& result);
  coro<void> read_body(http::response& answer, outcome& result);
  [[nodiscard]] std::unique_ptr<page_reader> take_spare();
  coro<void> finish(const target& next, outcome& result, time_point begun);
  [[nodiscard]] std::string_view judge(const url& found);
  [[nodiscard]] std::string_view reason_against(const url& found);
  void queue(std::vector<target> fresh);
  void skip(std::string_view url, std::string_view reason);
  void note(const std::string& text);
  coro<void> take_answer(http::response& answer, outcome& result);
  coro<void> leave_scope(const target& next, outcome& result);
  void refuse_downgrade(const target& next, const url& from, outcome& result);
  [[nodiscard]] coro<bool> claim(const target& next, outcome& result);
  [[nodiscard]] bool postpone(const target& next, outcome& result);
  page_record record(const target& next, const outcome& result, time_point begun);
  host_limits limits_of(const url& whose);
  void output_failed(std::exception_ptr why) noexcept;
  coro<void> count_what_is_left();

  crawl_options options_;
  scope scope_;
  pipeline& out_;
  crawl_hooks hooks_;
  crawl_roles roles_;
  robots_cache robots_;
  frontier::judge judge_;
  traps traps_;
  duplicates duplicates_;
  scheduler scheduler_;
  semaphore slots_;
  event nothing_under_way_;
  std::size_t under_way_ = 0;
  tally counts_;
  std::uint64_t handed_out_ = 0;
  cancel_scope* handing_out_ = nullptr;
  time_point begun_{};
  std::exception_ptr broken_;  // the output failed: the crawl ends with this
  bool stopping_ = false;
  bool handed_out_all_ = false;
  bool reached_limit_ = false;
  std::vector<std::unique_ptr<page_reader>> spare_;  // for the next pages
};

}  // namespace hocket::crawl
