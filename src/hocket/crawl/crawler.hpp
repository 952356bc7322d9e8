#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/crawl/page_links.hpp>
#include <hocket/crawl/scope.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::crawl {

/// How far a crawl is.
struct progress {
  std::uint64_t pages = 0;  // that were asked for and came to an end
  std::uint64_t ok = 0;     // of them: answered with a status below 400, and read to their end
  std::uint64_t failed = 0;
  std::uint64_t links = 0;  // rows of links.tsv
  std::uint64_t bytes = 0;  // of bodies
  std::size_t in_flight = 0;
  std::size_t queued = 0;
  duration elapsed{};
  std::map<std::string, std::uint64_t, std::less<>> skipped{};  // URLs seen and not fetched, by reason
};

/// What a crawl tells while it runs.
struct crawl_observer {
  std::function<void(const page_record&)> on_page{};
  std::function<void(std::string_view url, std::string_view reason)> on_skip{};
  /// Once each: things that the user should know.
  std::function<void(const std::string&)> on_note{};
};

/// Follows links from the seeds and writes what it finds, page by page.
///
/// One coroutine hands out URLs, one for each page fetches it and takes its links out while the bytes arrive. Memory does not
/// grow with the pages, only with the URLs. Belongs to one loop.
class crawler {
 public:
  /// Made where a loop runs.
  crawler(crawl_options options, output& out, crawl_observer observer = {});
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
  coro<void> read_body(http::response& answer, const target& from, outcome& result);
  [[nodiscard]] std::unique_ptr<page_links> take_spare();
  void consider(const page_link& link, unsigned depth);
  void add_seed(const url& seed);
  void skip(std::string_view url, std::string_view reason);
  void note(const std::string& text);
  coro<void> take_answer(http::response& answer, const target& next, outcome& result);
  void leave_scope(const target& next, outcome& result);
  void refuse_downgrade(const target& next, const url& from, outcome& result);
  [[nodiscard]] bool claim(const target& next, outcome& result);
  [[nodiscard]] bool postpone(const target& next, outcome& result);
  void record(const target& next, const outcome& result, time_point begun);
  host_limits limits_of(const url& whose);
  [[nodiscard]] http::session_options session_options();
  void output_failed(std::exception_ptr why) noexcept;
  void count_what_is_left();

  crawl_options options_;
  scope scope_;
  output& out_;
  crawl_observer observer_;
  frontier frontier_;
  http::session web_;
  semaphore slots_;
  event nothing_under_way_;
  std::size_t under_way_ = 0;
  crawl::progress counts_;
  std::uint64_t handed_out_ = 0;
  std::unordered_map<std::string, std::string_view> not_followed_;  // with the reason; may still be found another way
  cancel_scope* handing_out_ = nullptr;
  time_point begun_{};
  std::exception_ptr broken_;  // the output failed: the crawl ends with this
  bool stopping_ = false;
  bool handed_out_all_ = false;
  bool reached_limit_ = false;
  bool polite_note_given_ = false;
  std::vector<std::unique_ptr<page_links>> spare_;  // for the next pages
};

}  // namespace hocket::crawl
