#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/crawl/crawl_order.hpp>
#include <hocket/crawl/traps.hpp>
#include <hocket/crawl/url_pattern.hpp>
#include <hocket/http/client/credentials.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/http/cookies/cookie_jar.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/io/resolver.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// Which links are followed, seen from the seeds.
enum class scope_rule {
  host,    // the same host and port as a seed
  domain,  // the same registrable domain as a seed, by the public suffix list
  prefix,  // the same host and port, below the directory of a seed
  any,
};

/// How much of sitemaps is read in one crawl; what is beyond is left out, with a note.
struct sitemap_limits {
  std::size_t files_of_site = 1000;
  std::size_t files = 10'000;
  std::uint64_t urls = 10'000'000;                // that they name
  std::uint64_t bytes = std::uint64_t{10} << 30;  // unpacked
};

struct crawl_options {
  /// User and password of one are shown to its origin by `crawl_session_options`, and are no part of what is found and kept.
  std::vector<url> seeds{};
  std::optional<unsigned> depth{};  // links between a seed and a page at most; nothing: no limit
  std::optional<std::uint64_t> max_pages{};
  scope_rule scope = scope_rule::host;
  std::size_t concurrency = 100;          // requests at once
  std::optional<std::size_t> per_host{};  // the same, to one host; nothing: 8 on loopback, 1 elsewhere
  /// The same, to all hosts at one address, whose names are looked up before anything is asked there; nothing: any number. A host with several
  /// addresses counts for the least of them, one behind a proxy for none; what a robots.txt, a sitemap or a link that is checked is
  /// redirected to counts where it began.
  std::optional<std::size_t> per_address{};
  std::optional<duration> host_delay{};  // between requests to one host; nothing: none on loopback, 1 s elsewhere
  crawl_order order = crawl_order::breadth_first;  // depth first: depths are not the least possible
  std::vector<url_pattern> include{};  // only URLs that match one of them, if there are any; seeds in any case
  std::vector<url_pattern> exclude{};  // and none of these
  std::vector<url_pattern> first{};    // at each host before the others
  std::vector<url_pattern> last{};     // and after them
  trap_limits traps{};
  std::size_t max_duplicates = 0;               // of one content, byte by byte, whose links are followed; 0: all
  duration timeout = std::chrono::seconds(30);  // for one page, with its redirects; waiting for turns does not count
  std::uint64_t max_body_bytes = 10 * 1024 * 1024;
  /// Of what was found on pages and waits to be written down: over it no page is begun, and of those that have come one at a time is
  /// written down. Pages that come meanwhile go on to their end, each with `max_body_bytes` at most.
  std::size_t max_held_bytes = std::size_t{64} * 1024 * 1024;
  unsigned retries = 2;
  unsigned max_redirects = 10;
  std::string user_agent = "hocket";
  bool obey_robots = true;  // robots.txt, and what pages and answers say to robots
  bool sitemaps =
      false;  // read those of each host that is met, see `sitemap_reader`; the pages that they name are followed
  sitemap_limits most_of_sitemaps{};
  bool allow_private = false;
  bool allow_downgrade = false;  // redirects from https to http
  /// Of each request. Credentials among them (Authorization, Cookie, Proxy-Authorization) go to the origins of the seeds alone.
  http::headers fields{};
  std::optional<http::credentials> auth{};  // who one is at the origins of the seeds
  std::shared_ptr<http::cookie_jar>
      cookies{};  // gives requests theirs, and takes those of answers; null: there are none
  /// See `session_options::wall_clock`. With one, a frontier that is kept has it how long a host wants to be left alone.
  std::chrono::sys_seconds (*wall_clock)() = nullptr;
  http::proxy_settings proxies{};
  security tls{};                                // for https; null: what `http::session` takes by itself
  std::shared_ptr<hocket::resolver> resolver{};  // finds the addresses of hosts; null: the system
};

}  // namespace hocket::crawl
