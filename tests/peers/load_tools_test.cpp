// Tools that load servers, against ours: slowhttptest means it ill in four ways, wrk only a lot.

#include <chrono>
#include <string>
#include <vector>

#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <peers/pattern.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/http/server/static_files.hpp>

using namespace std::chrono_literals;
using hocket::coro;
namespace http = hocket::http;
using hocket::testing::pattern;
using hocket::testing::peer_outcome;
using hocket::testing::run_peer;
using hocket::testing::running_server;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

constexpr int attackers = 100;

/// A server with little patience: "/large" is a large file, to "/" one may send bodies.
class attacked_server {
 public:
  attacked_server()
      : server_(routes(),
                {.head = 1s, .idle = 1s, .grace = 1s, .min_rate = 1 << 20, .max_connections = 2 * attackers}) {}

  /// Lets slowhttptest attack. All attackers are served or cut off long before it ends, and meanwhile somebody else who asks again and
  /// again is answered soon each time.
  coro<void> withstand(std::vector<std::string> how) {
    how.insert(how.begin(), {"slowhttptest", "-c", std::to_string(attackers), "-r", "200", "-i", "1", "-l", "8"});
    bool is_over = false;
    auto bystander = create_task(ask_until(is_over));
    const peer_outcome told = co_await run_peer(std::move(how));
    is_over = true;
    const std::size_t answers = co_await bystander;
    EXPECT_GT(answers, 5U);
    EXPECT_GT(std::max(most_, server_.server.requests() - answers), attackers / 2U) << "was there an attack?\n"
                                                                                    << told.out;
    EXPECT_LT(busy_for_, 5s) << told.out;
  }

  [[nodiscard]] std::string url(std::string_view path = "/") const { return server_.url(path); }
  coro<void> stop() { co_await server_.stop(); }

 private:
  http::router routes() {
    write_file(folder_ / "large", pattern(8 << 20));
    http::router made;
    made.get("/{path:path}", http::static_files::below(folder_.path()));
    made.post("/",
              [](http::request& asked) -> coro<http::reply> { co_return http::reply::text(co_await asked.read()); });
    made.get("/alive", [](http::request&) -> coro<http::reply> { co_return http::reply::text("yes"); });
    return made;
  }

  coro<std::size_t> ask_until(const bool& is_over) {
    http::session web;
    const hocket::time_point begun = hocket::loop::running().time();
    std::size_t answers = 0;
    while (!is_over) {
      auto answer = co_await web.get(url("/alive"), {.timeout = 1s});
      EXPECT_EQ(co_await answer.text(), "yes");
      const std::size_t now = server_.server.connections();
      most_ = std::max(most_, now);
      if (now > attackers / 10U) busy_for_ = hocket::loop::running().time() - begun;
      ++answers;
      co_await hocket::sleep(20ms);
    }
    co_return answers;
  }

  temporary_directory folder_;
  running_server server_;
  std::size_t most_ = 0;         // connections at a time
  hocket::duration busy_for_{};  // with more than a few
};

}  // namespace

HOCKET_PEER_TEST(slowhttptest, with_slow_heads_is_cut_off) {
  HOCKET_NEEDS("slowhttptest");
  attacked_server server;
  co_await server.withstand({"-H", "-u", server.url()});
  co_await server.stop();
}

HOCKET_PEER_TEST(slowhttptest, with_slow_bodies_is_cut_off) {
  HOCKET_NEEDS("slowhttptest");
  attacked_server server;
  co_await server.withstand({"-B", "-s", "100000", "-u", server.url()});
  co_await server.stop();
}

HOCKET_PEER_TEST(slowhttptest, with_many_ranges_gets_no_more_than_the_file) {
  HOCKET_NEEDS("slowhttptest");
  attacked_server server;
  co_await server.withstand({"-R", "-a", "5", "-b", "900", "-t", "HEAD", "-u", server.url("/large")});
  co_await server.stop();
}

HOCKET_PEER_TEST(slowhttptest, with_slow_reads_is_cut_off) {
  HOCKET_NEEDS("slowhttptest");
  attacked_server server;
  co_await server.withstand({"-X", "-w", "10", "-y", "20", "-z", "5", "-n", "1", "-u", server.url("/large")});
  co_await server.stop();
}

HOCKET_PEER_TEST(wrk, counts_no_error) {
  HOCKET_NEEDS("wrk");
  running_server server([](http::request&) -> coro<http::reply> { co_return http::reply::text("hello"); });
  const peer_outcome told = co_await run_peer({"wrk", "-t1", "-c50", "-d2s", server.url()});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_TRUE(told.out.contains("requests in")) << told.out;
  EXPECT_FALSE(told.out.contains("Socket errors")) << told.out;
  EXPECT_FALSE(told.out.contains("Non-2xx")) << told.out;
  EXPECT_GT(server.server.requests(), 100U);
  co_await server.stop();
}
