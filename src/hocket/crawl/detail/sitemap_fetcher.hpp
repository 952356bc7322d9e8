#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <hocket/base/function.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/detail/asker.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/page_links.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl::detail {

/// Reads the sitemaps of sites: those that robots.txt names or, if it names none, /sitemap.xml; and those that these name. Belongs to one loop.
///
/// A sitemap speaks for the host whose robots.txt names it, wherever it is itself: URLs of other hosts are left out. Redirects are followed
/// five times, to other hosts too. One whose server asks for rest (429, 503), or whose connection fails, is asked for again as a page is:
/// `crawl_options::retries`. What cannot be had is told by a note, and left out; so is what goes beyond `crawl_options::most_of_sitemaps`.
/// Source: https://www.sitemaps.org/protocol.html
class sitemap_fetcher {
 public:
  static constexpr unsigned most_levels = 3;  // an index of indexes, which the protocol does not know

  /// What it works with; all of it outlives it.
  struct parts {
    const crawl_options& options;
    asker& web;
    robots_cache& robots;
    scheduler& turns;
    /// Takes some of the pages that a sitemap names; false if no more are wanted.
    function<coro<bool>(url sitemap, std::vector<page_link> pages)> take;
    std::function<void(const std::string&)> note;
  };

  explicit sitemap_fetcher(parts with) : with_(std::move(with)) {}

  enum class outcome { more, all, ended };
  struct progress {
    outcome what;
    duration wait{};  // before the next call, if there is `more`
  };

  /// Reads the next one of the site of `where`, whose connection the caller holds, unless it is to be asked for again; `all`: that was the last, and the site is forgotten.
  /// `ended`: `end` came before. Throws what `take` throws, and `cancelled`.
  [[nodiscard]] coro<progress> read_next(url where);
  /// Ends what is read now, and whatever is read from now on, at once.
  void end() noexcept;
  /// Calls of `read_next`.
  [[nodiscard]] std::size_t under_way() const noexcept { return readings_.size(); }

 private:
  struct file {
    url where;
    unsigned level = 1;
    bool is_named = true;  // by robots.txt or an index
    unsigned attempts = 0;
  };
  struct wants_rest;
  struct listed;
  struct site {
    std::string host;
    std::deque<file> waiting{};
    std::unordered_set<std::string> known{};
    bool is_begun = false;
    bool is_cut = false;           // it has more files than are read
    bool is_over = false;          // no more are wanted
    duration wait{};               // before the first of `waiting` is asked for again
    std::exception_ptr failure{};  // of `take`
  };

  coro<void> read_one(site& of, url top);
  coro<void> look_for_files(site& of, url top);
  coro<std::vector<std::string>> named_by_robots(url where);
  coro<void> read_file(site& of, file which);
  bool put_back(site& of, const file& which, std::optional<duration> retry_after) const;
  coro<std::optional<http::response>> ask(file which);
  coro<void> take_turn(url where);
  coro<void> read_body(site& of, file which, http::response& answer);
  coro<void> hand_on(site& of, url sitemap, std::vector<page_link> pages);
  void add(site& to, url where, unsigned level, bool is_named);
  [[nodiscard]] bool is_enough();

  parts with_;
  std::unordered_map<std::string, site> sites_;  // by their first URL: those that are read
  std::unordered_set<cancel_scope*> readings_;
  bool has_ended_ = false;
  bool is_enough_noted_ = false;
  std::size_t files_ = 0;  // in all
  std::uint64_t urls_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace hocket::crawl::detail
