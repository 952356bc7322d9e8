#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include <crawl/crawled_site.hpp>
#include <fmt/format.h>
#include <http/scripted_server.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/crawl_rocksdb/rocksdb_frontier.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::url;
using hocket::crawl::rocksdb_frontier;
using hocket::crawl::rocksdb_frontier_options;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::temporary_directory;

namespace {

/// Hosts whose pages lead to each other, by links and redirects, and which are slow, or want rest for a while, as dice have it.
class moody_hosts {
 public:
  static constexpr int hosts = 3;
  static constexpr int pages = 12;  // of each

  explicit moody_hosts(std::uint64_t seed) : dice_(seed) {
    for (int n = 0; n < hosts; ++n)
      servers_.emplace_back([this](hocket::tcp_socket& peer, std::size_t) -> coro<void> { co_await serve(peer); });
  }

  [[nodiscard]] std::string url_of(int which) const {
    return servers_.at(static_cast<std::size_t>(which % hosts)).url(fmt::format("/{}", which / hosts));
  }
  [[nodiscard]] int below(int limit) { return static_cast<int>(dice_() % static_cast<std::uint64_t>(limit)); }

 private:
  coro<void> serve(hocket::tcp_socket& peer) {
    for (;;) {
      const std::string request = co_await hocket::testing::read_request(peer);
      if (request.empty()) co_return;
      if (below(3) == 0) co_await hocket::sleep(below(20'000) * 1ms);
      const std::string answer = answer_now(hocket::testing::target_of(request));
      co_await peer.send_all(answer);
      if (below(10) == 0) co_return;
    }
  }

  std::string answer_now(const std::string& what) {
    if (what == "/robots.txt") return response_text(404, "");
    const int mood = below(20);
    if (mood == 0) return response_text(503, "", fmt::format("Retry-After: {}\r\n", 1 + below(200)));
    if (mood < 4) return hocket::testing::redirect_to(url_of(below(hosts * pages)));
    std::string body;
    for (int n = 0; n < 4; ++n) body += fmt::format("<a href={}>", url_of(below(hosts * pages)));
    return response_text(200, body, "Content-Type: text/html\r\n");
  }

  std::mt19937_64 dice_;
  std::deque<scripted_server> servers_;
};

coro<void> crawl_once(std::uint64_t seed) {
  moody_hosts web(seed);
  const temporary_directory folder;
  rocksdb_frontier_options keeping{.of_host = 1 + static_cast<std::size_t>(web.below(2)),
                                   .in_all = 2 + static_cast<std::size_t>(web.below(4))};
  hocket::crawl::crawl_options options{.scope = hocket::crawl::scope_rule::any,
                                       .concurrency = 1 + static_cast<std::size_t>(web.below(6)),
                                       .timeout = 1h,
                                       .obey_robots = web.below(2) == 0,
                                       .sitemaps = web.below(3) == 0,
                                       .allow_private = true};
  if (web.below(2) == 0) options.per_host = 1;
  if (web.below(2) == 0) options.host_delay = 700ms;
  if (web.below(3) == 0) options.per_address = 2;
  if (web.below(3) == 0) options.depth = 3U;
  if (web.below(4) == 0) options.max_pages = 10U;
  if (web.below(3) == 0) options.max_held_bytes = 500;
  keeping.by_level = options.depth.has_value();
  for (int n = 0; n < moody_hosts::hosts; ++n) options.seeds.push_back(*url::parse(web.url_of(n)));
  const auto all = co_await rocksdb_frontier::open(folder / "frontier", rocksdb_frontier::mode::begin, "", keeping);
  auto out = co_await hocket::crawl::output::open(folder / "out");
  all->write_to(out);
  hocket::crawl::crawler work(std::move(options), out, {}, {.frontier = all});
  bool has_ended = false;
  try {
    co_await hocket::with_timeout(24h, work.run());
    has_ended = true;
  } catch (const hocket::timeout_error&) {
  }
  EXPECT_TRUE(has_ended) << "seed " << seed << ": in flight " << work.progress().in_flight << ", queued "
                         << work.progress().queued;
  hocket::testing::crawled found;
  read_directory(folder / "out", found);  // each page and link once
}

HOCKET_TEST(hurried_crawls, end_whatever_hosts_do) {
  static std::uint64_t seed = std::random_device()();
  co_await crawl_once(++seed);
}

}  // namespace
