#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/crawl/link_checker.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::url;
using hocket::crawl::crawl_options;
using hocket::crawl::link_checker;
using hocket::crawl::link_verdict;
using hocket::testing::answering;
using hocket::testing::from;
using hocket::testing::read_request;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::target_of;

namespace {

using verdicts = std::map<std::string, link_verdict>;

/// Options by which 127.0.0.1 may be asked, and robots.txt is not.
crawl_options here(crawl_options options = {}) { return from({"http://127.0.0.1/"}, std::move(options)); }

coro<verdicts> check(std::vector<std::string> links, crawl_options options) {
  std::vector<url> parsed;
  for (const std::string& link : links) parsed.push_back(*url::parse(link));
  verdicts told;
  link_checker checker(std::move(options));
  co_await checker.check(std::move(parsed), [&told](const url& link, const link_verdict& verdict) {
    EXPECT_TRUE(told.emplace(link.href(), verdict).second) << "twice: " << link.href();
  });
  co_return told;
}

coro<link_verdict> verdict_on(std::string link, crawl_options options = here()) {
  auto told = co_await check({link}, std::move(options));
  EXPECT_EQ(told.size(), 1U);
  co_return told.begin()->second;
}

std::string method_of(std::string_view request) { return std::string(request.substr(0, request.find(' '))); }

/// A server whose answers depend on the request, and what it was asked: "HEAD /a".
class noting_server {
 public:
  template <class Answer>
  explicit noting_server(Answer answer)
      : server_(answering([this, answer](const std::string& request) {
          asked.push_back(method_of(request) + " " + target_of(request));
          return answer(request);
        })) {}

  [[nodiscard]] std::string url(std::string_view path = "/") const { return server_.url(path); }

  std::vector<std::string> asked;

 private:
  scripted_server server_;
};

std::string head_of(int status, std::string_view fields = "") {
  return fmt::format("HTTP/1.1 {} Whatever\r\n{}Content-Length: 0\r\n\r\n", status, fields);
}

HOCKET_TEST(link_checker, asks_by_head_alone_where_that_is_answered) {
  noting_server web([](const std::string&) { return head_of(200); });
  const link_verdict verdict = co_await verdict_on(web.url("/a"));
  EXPECT_EQ(verdict.error, "");
  EXPECT_EQ(verdict.status, 200);
  EXPECT_EQ(web.asked, (std::vector<std::string>{"HEAD /a"}));
}

HOCKET_TEST(link_checker, asks_by_get_where_head_is_refused) {
  for (const int refusal : {403, 404, 405, 500, 501, 503}) {
    noting_server web([refusal](const std::string& request) {
      return method_of(request) == "HEAD" ? head_of(refusal) : response_text(200, "here it is");
    });
    const link_verdict verdict = co_await verdict_on(web.url("/a"));
    EXPECT_EQ(verdict.error, "") << refusal;
    EXPECT_EQ(web.asked, (std::vector<std::string>{"HEAD /a", "GET /a"})) << refusal;
  }
}

HOCKET_TEST(link_checker, asks_by_get_where_head_breaks_off) {
  std::vector<std::string> asked;
  scripted_server web([&asked](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    const std::string request = co_await read_request(peer);
    asked.push_back(method_of(request));
    if (asked.back() == "GET") co_await peer.send_all(response_text(200, ""));
  });
  EXPECT_EQ((co_await verdict_on(web.url("/a"), here({.retries = 0}))).error, "");
  EXPECT_EQ(asked.back(), "GET");
}

HOCKET_TEST(link_checker, asks_by_get_where_head_is_not_answered_in_time) {
  scripted_server web([](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    const std::string request = co_await read_request(peer);
    if (method_of(request) == "HEAD") co_await hocket::sleep(1h);
    co_await peer.send_all(response_text(200, ""));
  });
  EXPECT_EQ((co_await verdict_on(web.url("/a"))).error, "");
}

HOCKET_TEST(link_checker, tells_the_status_of_what_is_broken) {
  for (const int status : {401, 404, 410, 500}) {
    noting_server web([status](const std::string&) { return head_of(status); });
    const link_verdict verdict = co_await verdict_on(web.url("/a"));
    EXPECT_EQ(verdict.status, status);
    EXPECT_TRUE(verdict.error.starts_with(std::to_string(status))) << verdict.error;
  }
}

HOCKET_TEST(link_checker, tells_that_nobody_listens) {
  scripted_server web(answering([](const std::string&) { return head_of(200); }));
  web.refuse();
  const link_verdict verdict = co_await verdict_on(web.url("/a"));
  EXPECT_EQ(verdict.status, 0);
  EXPECT_NE(verdict.error, "");
}

HOCKET_TEST(link_checker, tells_that_no_answer_came_in_time) {
  scripted_server web([](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(1h);
  });
  EXPECT_NE((co_await verdict_on(web.url("/a"))).error, "");
}

HOCKET_TEST(link_checker, follows_redirects_to_their_end) {
  noting_server web([](const std::string& request) {
    const std::string target = target_of(request);
    if (target == "/a") return redirect_to("/b");
    return target == "/b" ? redirect_to("/c", 301) : head_of(target == "/c" ? 200 : 404);
  });
  EXPECT_EQ((co_await verdict_on(web.url("/a"))).error, "");
  EXPECT_EQ(web.asked, (std::vector<std::string>{"HEAD /a", "HEAD /b", "HEAD /c"}));
}

HOCKET_TEST(link_checker, leaves_redirects_out_of_scope_if_told_to) {
  noting_server elsewhere([](const std::string&) { return head_of(404); });
  noting_server web([&elsewhere](const std::string& request) {
    const std::string target = target_of(request);
    if (target == "/out") return redirect_to(elsewhere.url("/"));
    return target == "/in" ? redirect_to("/there") : head_of(200);
  });
  std::vector<url> links;
  for (const char* path : {"/in", "/out"}) links.push_back(*url::parse(web.url(path)));
  verdicts told;
  link_checker checker(from({web.url()}), {}, hocket::crawl::checked_redirects::in_scope);
  co_await checker.check(std::move(links),
                         [&told](const url& link, const link_verdict& verdict) { told.emplace(link.href(), verdict); });
  EXPECT_EQ(told.at(web.url("/in")).not_checked, "");
  EXPECT_EQ(told.at(web.url("/in")).status, 200);
  EXPECT_EQ(told.at(web.url("/out")).not_checked, "external");
  EXPECT_EQ(told.at(web.url("/out")).error, "");
  EXPECT_TRUE(elsewhere.asked.empty());
}

HOCKET_TEST(link_checker, tells_that_a_redirect_leads_to_nothing) {
  noting_server web(
      [](const std::string& request) { return target_of(request) == "/a" ? redirect_to("/gone") : head_of(404); });
  const link_verdict verdict = co_await verdict_on(web.url("/a"));
  EXPECT_EQ(verdict.error, "404 Not Found");
  EXPECT_EQ(verdict.status, 404);
}

HOCKET_TEST(link_checker, follows_so_many_redirects_and_no_more) {
  noting_server web([](const std::string& request) { return redirect_to(target_of(request) + "x"); });
  EXPECT_EQ((co_await verdict_on(web.url("/a"), here({.max_redirects = 3}))).error, "more than 3 redirects");
  EXPECT_EQ(web.asked.size(), 4U);
}

HOCKET_TEST(link_checker, tells_where_a_redirect_leads_that_no_crawler_can_follow) {
  noting_server web([](const std::string&) { return redirect_to("ftp://127.0.0.1/"); });
  EXPECT_EQ((co_await verdict_on(web.url("/a"))).error,
            "redirected to 'ftp://127.0.0.1/', which is not an http(s) URL");
}

HOCKET_TEST(link_checker, asks_for_each_link_once_whatever_its_fragment) {
  noting_server web([](const std::string&) { return head_of(200); });
  const auto told = co_await check({web.url("/a#b"), web.url("/a"), web.url("/a#c"), web.url("/b")}, here());
  EXPECT_EQ(told.size(), 2U);
  EXPECT_EQ(web.asked.size(), 2U);
}

HOCKET_TEST(link_checker, leaves_a_host_the_rest_that_it_asks_for) {
  int asked = 0;
  noting_server web(
      [&asked](const std::string&) { return ++asked == 1 ? head_of(429, "Retry-After: 20\r\n") : head_of(200); });
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ((co_await verdict_on(web.url("/a"))).error, "");
  EXPECT_EQ(asked, 2);
  EXPECT_GE(hocket::loop::running().time() - begun, 20s);
}

HOCKET_TEST(link_checker, draws_seeds_for_its_tables) {
  auto& random = hocket::loop::running().random();
  hocket::random_source undrawn = random;
  const link_checker checker(here());
  EXPECT_NE(undrawn(), random());
  co_return;
}

HOCKET_TEST(link_checker, leaves_a_host_alone_that_wants_to_be_for_long) {
  noting_server web([](const std::string&) { return head_of(429, "Retry-After: 120\r\n"); });
  const auto told = co_await check({web.url("/a"), web.url("/b"), web.url("/c")}, here({.per_host = 1}));
  EXPECT_EQ(web.asked, (std::vector<std::string>{"HEAD /a"}));
  EXPECT_EQ(told.at(web.url("/a")).status, 429);
  EXPECT_EQ(told.at(web.url("/b")).not_checked, "host_rests");
  EXPECT_EQ(told.at(web.url("/b")).error, "");
  EXPECT_EQ(told.at(web.url("/c")).not_checked, "host_rests");
}

HOCKET_TEST(link_checker, leaves_a_host_alone_that_wants_to_be_for_long_by_the_answer_for_its_robots_txt) {
  noting_server web([](const std::string&) { return head_of(429, "Retry-After: 120\r\n"); });
  auto options = here({.per_host = 1});
  options.obey_robots = true;
  const auto told = co_await check({web.url("/a"), web.url("/b")}, options);
  EXPECT_EQ(web.asked, (std::vector<std::string>{"GET /robots.txt"}));
  for (const char* const path : {"/a", "/b"}) EXPECT_EQ(told.at(web.url(path)).not_checked, "host_rests");
}

HOCKET_TEST(link_checker, leaves_hosts_alone_that_have_asked_somebody_else_for_that) {
  noting_server web([](const std::string&) { return head_of(200); });
  for (const auto rest : {20s, 120s}) {
    const auto begun = hocket::loop::running().time();
    const std::vector<hocket::crawl::resting_host> hosts{{*url::parse(web.url()), begun + rest}};
    link_checker checker(here());
    checker.leave_alone(hosts);
    link_verdict told;
    const auto tell = [&told](const url&, const link_verdict& verdict) { told = verdict; };
    co_await checker.check({*url::parse(web.url("/a"))}, tell);
    EXPECT_EQ(told.not_checked, rest == 20s ? "" : "host_rests");
    EXPECT_EQ(hocket::loop::running().time() - begun, rest == 20s ? rest : 0s);
    EXPECT_EQ(web.asked.size(), 1U);
  }
}

HOCKET_TEST(link_checker, who_waits_for_a_turn_keeps_nobody_else_from_asking) {
  std::vector<std::string> asked;
  scripted_server slow(answering([&asked](const std::string& request) {
    asked.push_back("slow " + target_of(request));
    return target_of(request) == "/robots.txt" ? response_text(200, "User-agent: *\nCrawl-delay: 3600\n")
                                               : head_of(200);
  }));
  scripted_server quick(answering([&asked](const std::string& request) {
    asked.push_back("quick " + target_of(request));
    return target_of(request) == "/robots.txt" ? head_of(404) : head_of(200);
  }));
  auto options = here({.concurrency = 1});
  options.obey_robots = true;
  const auto told = co_await check({slow.url("/a"), quick.url("/b")}, options);
  EXPECT_EQ(told.size(), 2U);
  EXPECT_EQ(asked.back(), "slow /a");
}

HOCKET_TEST(link_checker, asks_for_nothing_that_robots_txt_disallows) {
  noting_server web([](const std::string& request) {
    if (target_of(request) == "/robots.txt") return response_text(200, "User-agent: *\nDisallow: /a\n");
    return target_of(request) == "/b" ? redirect_to("/a") : head_of(200);
  });
  auto options = here();
  options.obey_robots = true;
  const auto told = co_await check({web.url("/a"), web.url("/b"), web.url("/c")}, options);
  EXPECT_EQ(told.at(web.url("/a")).not_checked, "robots");
  EXPECT_EQ(told.at(web.url("/b")).not_checked, "robots");
  EXPECT_EQ(told.at(web.url("/c")).not_checked, "");
  EXPECT_EQ(std::count(web.asked.begin(), web.asked.end(), "HEAD /a"), 0);
  EXPECT_EQ(std::count(web.asked.begin(), web.asked.end(), "GET /robots.txt"), 1);
}

HOCKET_TEST(link_checker, knows_nothing_of_a_link_whose_server_cannot_say_what_robots_txt_has) {
  noting_server web([](const std::string&) { return head_of(500); });
  auto options = here({.retries = 2});
  options.obey_robots = true;
  const link_verdict verdict = co_await verdict_on(web.url("/a"), options);
  EXPECT_EQ(verdict.not_checked, "robots");
  EXPECT_EQ(verdict.error, "");
  EXPECT_EQ(web.asked, (std::vector<std::string>(3, "GET /robots.txt")));
}

HOCKET_TEST(link_checker, takes_a_link_for_broken_whose_server_is_not_there_for_robots_txt_either) {
  scripted_server web(answering([](const std::string&) { return head_of(200); }));
  web.refuse();
  auto options = here({.retries = 0});
  options.obey_robots = true;
  const link_verdict verdict = co_await verdict_on(web.url("/a"), options);
  EXPECT_EQ(verdict.not_checked, "");
  EXPECT_NE(verdict.error, "");
}

HOCKET_TEST(link_checker, refuses_private_addresses_that_no_seed_names) {
  noting_server web([](const std::string&) { return head_of(200); });
  EXPECT_NE((co_await verdict_on(web.url("/a"), from({"http://example.org/"}))).error.find("private"),
            std::string::npos);
  EXPECT_TRUE(web.asked.empty());
  EXPECT_EQ((co_await verdict_on(web.url("/a"), from({"http://example.org/"}, {.allow_private = true}))).error, "");
}

HOCKET_TEST(link_checker, asks_a_host_no_more_often_than_the_options_say) {
  scripted_server web(answering([](const std::string&) { return head_of(404); }));
  const auto begun = hocket::loop::running().time();
  const auto told =
      co_await check({web.url("/a"), web.url("/b"), web.url("/c")}, here({.per_host = 1, .host_delay = 10s}));
  EXPECT_EQ(told.size(), 3U);
  EXPECT_GE(hocket::loop::running().time() - begun, 50s);  // six requests
  EXPECT_EQ(web.most_open(), 1U);
}

HOCKET_TEST(link_checker, takes_no_link_for_broken_that_waits_for_a_turn_longer_than_the_timeout) {
  noting_server web([](const std::string& request) {
    if (target_of(request) == "/robots.txt") return response_text(200, "User-agent: *\nCrawl-delay: 40\n");
    return target_of(request) == "/a" ? redirect_to("/b") : head_of(200);
  });
  auto options = here({.timeout = 30s});
  options.obey_robots = true;
  EXPECT_EQ((co_await verdict_on(web.url("/a"), options)).error, "");
  EXPECT_EQ(web.asked, (std::vector<std::string>{"GET /robots.txt", "HEAD /a", "HEAD /b"}));
}

HOCKET_TEST(link_checker, reads_no_large_body) {
  std::size_t sent = 0;
  scripted_server web([&sent](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    const std::string request = co_await read_request(peer);
    co_await peer.send_all(method_of(request) == "HEAD"
                               ? "HTTP/1.1 405 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                               : "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    if (method_of(request) == "HEAD") co_return;
    const std::string piece(1024 * 1024, 'x');
    for (; sent < 1000; ++sent) co_await peer.send_all(piece);
  });
  EXPECT_EQ((co_await verdict_on(web.url("/a"))).error, "");
  EXPECT_LT(sent, 100U);
}

HOCKET_TEST(link_checker, gives_up_at_once_when_cancelled) {
  scripted_server web([](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(1h);
  });
  auto checking = hocket::create_task(check({web.url("/a"), web.url("/b")}, here()));
  co_await hocket::testing::wait_all_tasks_blocked();
  checking.cancel();
  const auto outcome = co_await hocket::as_result(checking);
  EXPECT_TRUE(!outcome && hocket::is_cancelled(outcome.error()));
}

TEST(link_checker, cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto report = hocket::testing::cancel_at_every_suspension(
        []() -> coro<void> {
          scripted_server web(answering([](const std::string& request) {
            if (target_of(request) == "/robots.txt") return response_text(404, "");
            return target_of(request) == "/a" ? redirect_to("/b") : head_of(404);
          }));
          auto options = here();
          options.obey_robots = true;
          static_cast<void>(co_await check({web.url("/a"), web.url("/c")}, options));
        },
        {.backend = backend});
    EXPECT_GT(report.cancelled, 10U);
    EXPECT_EQ(report.leaked_blocks, 0U);
  }
}

}  // namespace
