#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <hocket/base/function.hpp>
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
/// five times, to other hosts too. What cannot be had is told by a note, and left out.
/// Source: https://www.sitemaps.org/protocol.html
class sitemap_fetcher {
 public:
  static constexpr std::size_t most_files = 1000;  // of one site
  static constexpr unsigned most_levels = 3;       // an index of indexes, which the protocol does not know

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

  /// Reads those of the site of `where`, whose connection the caller holds, unless that was done before. Throws what `take` throws,
  /// and `cancelled`.
  coro<void> read(url where);

 private:
  struct file {
    url where;
    unsigned level = 1;
    bool is_named = true;  // by robots.txt or an index
  };
  struct site {
    std::string host;
    std::deque<file> waiting{};
    std::unordered_set<std::string> known{};
    bool is_over = false;          // no more are wanted
    std::exception_ptr failure{};  // of `take`
  };

  coro<std::vector<std::string>> named_by_robots(url where);
  coro<void> read_file(site& of, file which);
  coro<std::optional<http::response>> ask(file which);
  coro<void> take_turn(url where);
  coro<void> read_body(site& of, file which, http::response& answer);
  coro<void> hand_on(site& of, url sitemap, std::vector<page_link> pages);
  static void add(site& to, url where, unsigned level, bool is_named);

  parts with_;
  std::unordered_set<std::string> begun_;  // sites, by origin
};

}  // namespace hocket::crawl::detail
