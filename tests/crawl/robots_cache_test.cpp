#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl/detail/asker.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::url;
using hocket::crawl::robots;
using hocket::crawl::robots_cache;
using hocket::crawl::robots_unreachable;
using hocket::testing::answering;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::target_of;

namespace {

/// A cache, and what it asks by.
struct asking {
  explicit asking(std::shared_ptr<hocket::crawl::downloader> by = nullptr)
      : web(by ? std::move(by) : hocket::crawl::make_session_downloader({}, [](const url&) { return true; })) {}

  hocket::crawl::crawl_options options;
  hocket::crawl::crawl_hooks hooks;
  std::shared_ptr<hocket::crawl::downloader> web;
  hocket::crawl::host_limits limits;
  hocket::crawl::scheduler turns{[this](const url&) { return limits; }};
  hocket::crawl::detail::asker asks{
      {options, hooks, *web, turns, [this](const url& whose, hocket::duration rest) { turns.rest(whose, rest); }}};
  robots_cache cache{asks, turns, "hocket", 30s};
};

/// Whether /a may be fetched from a server with this answer to everything.
coro<bool> allowed_by(std::string answer) {
  scripted_server web(answering([answer](const std::string&) { return answer; }));
  asking here;
  robots_cache& cache = here.cache;
  const robots* const rules = co_await cache.ask(*url::parse(web.url("/a")));
  co_return rules->allows(*url::parse(web.url("/a")));
}

const std::string closed = "User-agent: *\nDisallow: /a\n";

HOCKET_TEST(robots_cache, a_file_says_what_is_allowed) {
  EXPECT_FALSE(co_await allowed_by(response_text(200, closed)));
  EXPECT_TRUE(co_await allowed_by(response_text(200, "")));
}

HOCKET_TEST(robots_cache, a_file_that_is_not_there_allows_everything) {
  for (const int status : {400, 401, 403, 404, 410, 429})
    EXPECT_TRUE(co_await allowed_by(response_text(status, closed)));
}

HOCKET_TEST(robots_cache, what_is_known_is_not_asked_for_again_for_a_day) {
  std::vector<std::string> asked;
  scripted_server web(answering([&asked](const std::string& request) {
    asked.push_back(target_of(request));
    return response_text(200, closed, "Connection: close\r\n");
  }));
  asking here;
  robots_cache& cache = here.cache;
  const url where = *url::parse(web.url("/a?b"));
  EXPECT_EQ(cache.known(where), nullptr);
  for (int n = 0; n < 3; ++n) co_await cache.ask(where);
  EXPECT_NE(cache.known(*url::parse(web.url("/elsewhere"))), nullptr);
  EXPECT_EQ(asked, (std::vector<std::string>{"/robots.txt"}));
  co_await hocket::sleep(24h);
  EXPECT_EQ(cache.known(where), nullptr);
  co_await cache.ask(where);
  EXPECT_EQ(asked.size(), 2U);
}

HOCKET_TEST(robots_cache, of_those_who_ask_at_once_one_fetches) {
  int asked = 0;
  scripted_server web(answering([&asked](const std::string&) {
    ++asked;
    return response_text(200, closed);
  }));
  asking here;
  robots_cache& cache = here.cache;
  const url where = *url::parse(web.url("/a"));
  co_await hocket::gather(cache.ask(where), cache.ask(where), cache.ask(where));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(cache.fetched(), 1U);
}

HOCKET_TEST(robots_cache, ports_are_origins_of_their_own) {
  scripted_server one(answering([](const std::string&) { return response_text(200, closed); }));
  scripted_server other(answering([](const std::string&) { return response_text(404, ""); }));
  asking here;
  robots_cache& cache = here.cache;
  EXPECT_FALSE((co_await cache.ask(*url::parse(one.url("/a"))))->allows(*url::parse(one.url("/a"))));
  EXPECT_TRUE((co_await cache.ask(*url::parse(other.url("/a"))))->allows(*url::parse(other.url("/a"))));
}

HOCKET_TEST(robots_cache, of_hosts_without_end_it_remembers_those_used_last) {
  struct nobody final : hocket::crawl::downloader {
    coro<hocket::http::response> get(const url&, hocket::http::request_options) override {
      throw std::system_error(std::make_error_code(std::errc::connection_refused));
      co_return co_await web.get("http://127.0.0.1/");
    }
    hocket::http::session web;
  };
  asking here(std::make_shared<nobody>());
  robots_cache& cache = here.cache;
  const auto ask = [&cache](std::size_t host) -> coro<void> {
    static_cast<void>(co_await hocket::as_result(cache.ask(*url::parse(fmt::format("http://h{}.example/", host)))));
  };
  for (std::size_t host = 0; host <= robots_cache::most_origins; ++host) co_await ask(host);
  EXPECT_EQ(cache.fetched(), robots_cache::most_origins + 1);
  co_await ask(robots_cache::most_origins);
  EXPECT_EQ(cache.fetched(), robots_cache::most_origins + 1);
  co_await ask(0);
  EXPECT_EQ(cache.fetched(), robots_cache::most_origins + 2);
}

HOCKET_TEST(robots_cache, follows_five_redirects_and_no_more) {
  for (const int redirects : {5, 6}) {
    scripted_server web(answering([redirects](const std::string& request) {
      const std::string target = target_of(request);
      const int hop = target == "/robots.txt" ? 0 : std::stoi(target.substr(1));
      return hop < redirects ? redirect_to("/" + std::to_string(hop + 1), 301) : response_text(200, closed);
    }));
    asking here;
    robots_cache& cache = here.cache;
    const url where = *url::parse(web.url("/a"));
    EXPECT_EQ((co_await cache.ask(where))->allows(where), redirects == 6);
  }
}

HOCKET_TEST(robots_cache, reads_no_more_than_500_kib) {
  const std::string filler(robots::max_size, '#');
  EXPECT_FALSE(co_await allowed_by(response_text(200, closed + filler + "\nAllow: /a\n")));
  EXPECT_TRUE(co_await allowed_by(response_text(200, filler + "\n" + closed)));
}

coro<int> status_that_fails(robots_cache& cache, url where) {
  try {
    co_await cache.ask(where);
  } catch (const robots_unreachable& failed) {
    co_return failed.status();
  }
  co_return -1;
}

HOCKET_TEST(robots_cache, an_error_of_the_server_is_remembered_for_a_while_and_longer_each_time) {
  int asked = 0;
  scripted_server web(answering([&asked](const std::string&) {
    ++asked;
    return response_text(asked < 4 ? 503 : 200, "", "Connection: close\r\n");
  }));
  asking here;
  robots_cache& cache = here.cache;
  const url where = *url::parse(web.url("/a"));
  int expected = 0;
  for (const auto rest : {500ms, 1000ms, 2000ms}) {
    EXPECT_EQ(co_await status_that_fails(cache, where), 503);
    EXPECT_EQ(asked, ++expected);
    co_await hocket::sleep(rest - 1ms);
    EXPECT_EQ(co_await status_that_fails(cache, where), 503);
    EXPECT_EQ(asked, expected);
    co_await hocket::sleep(1ms);
  }
  EXPECT_EQ(co_await status_that_fails(cache, where), -1);
}

HOCKET_TEST(robots_cache, what_was_known_holds_as_long_as_nothing_newer_can_be_had) {
  int asked = 0;
  scripted_server web(answering([&asked](const std::string&) {
    ++asked;
    return response_text(asked == 1 || asked == 4 ? 200 : 503, asked == 1 ? closed : "", "Connection: close\r\n");
  }));
  asking here;
  const url where = *url::parse(web.url("/a"));
  EXPECT_FALSE((co_await here.cache.ask(where))->allows(where));
  co_await hocket::sleep(24h);
  EXPECT_FALSE((co_await here.cache.ask(where))->allows(where));
  EXPECT_FALSE(here.cache.known(where)->allows(where));
  co_await hocket::sleep(500ms);
  EXPECT_EQ(here.cache.known(where), nullptr);
  EXPECT_FALSE((co_await here.cache.ask(where))->allows(where));
  co_await hocket::sleep(1s);
  EXPECT_TRUE((co_await here.cache.ask(where))->allows(where));
  EXPECT_EQ(asked, 4);
}

HOCKET_TEST(robots_cache, nobody_there_is_no_permission) {
  scripted_server web(answering([](const std::string&) { return std::string(); }));
  web.refuse();
  co_await hocket::sleep(1s);
  asking here;
  robots_cache& cache = here.cache;
  try {
    co_await cache.ask(*url::parse(web.url("/a")));
    ADD_FAILURE() << "allowed";
  } catch (const robots_unreachable& failed) {
    EXPECT_EQ(failed.status(), 0);
    EXPECT_TRUE(failed.may_pass());
    EXPECT_NE(std::string(failed.what()).find("refused"), std::string::npos);
  }
}

HOCKET_TEST(robots_cache, a_file_at_a_host_whose_turn_is_far_away_is_not_waited_for) {
  scripted_server other(answering([](const std::string&) { return response_text(200, ""); }));
  scripted_server web(answering([&other](const std::string&) { return redirect_to(other.url("/robots.txt")); }));
  for (const auto delay : {60s, 61s}) {
    asking here;
    here.limits = {.connections = 1, .delay = delay};
    EXPECT_TRUE(here.turns.try_take_slot(*url::parse(other.url())));
    const auto begin = hocket::loop::running().time();
    EXPECT_EQ(co_await status_that_fails(here.cache, *url::parse(web.url())), delay == 60s ? -1 : 0);
    EXPECT_EQ(hocket::loop::running().time() - begin, delay == 60s ? 60s : 0s);
  }
}

HOCKET_TEST(robots_cache, the_time_for_answers_does_not_run_while_a_turn_is_waited_for) {
  scripted_server other(answering([](const std::string&) { return response_text(200, ""); }));
  scripted_server web(answering([&other](const std::string&) { return redirect_to(other.url("/robots.txt")); }));
  asking here;
  here.limits = {.connections = 1, .delay = 40s};
  EXPECT_TRUE(here.turns.try_take_slot(*url::parse(other.url())));
  EXPECT_EQ(co_await status_that_fails(here.cache, *url::parse(web.url())), -1);
}

TEST(robots_cache, cancelled_anywhere_it_leaves_the_others_to_ask) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          scripted_server web(answering([](const std::string&) { return response_text(200, closed); }));
          asking here;
          robots_cache& cache = here.cache;
          const url where = *url::parse(web.url("/a"));
          const auto first = co_await hocket::as_result(cache.ask(where));
          EXPECT_FALSE((co_await cache.ask(where))->allows(where));
          if (!first) std::rethrow_exception(first.error());
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
  }
}

}  // namespace
