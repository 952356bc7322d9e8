#include <chrono>
#include <string>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::crawl::crawl_options;
using hocket::crawl::scope_rule;
using hocket::testing::answering;
using hocket::testing::crawl_all;
using hocket::testing::crawled;
using hocket::testing::page;
using hocket::testing::redirect;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::site;
using hocket::testing::target_of;

namespace {

using list = std::vector<std::string>;

crawl_options polite(std::initializer_list<std::string> seeds, crawl_options options = {}) {
  options = hocket::testing::from(seeds, std::move(options));
  options.obey_robots = true;
  return options;
}

page text(std::string body) { return {std::move(body), 200, {{"Content-Type", "text/plain"}}}; }

HOCKET_TEST(robots_obeyed, what_is_disallowed_is_not_asked_for_and_has_its_reason) {
  site web({{"/robots.txt", text("User-agent: hocket\nDisallow: /b\n")},
            {"/", {"<a href=a><a href=b>"}},
            {"/a", {""}},
            {"/b", {""}}});
  const crawled found = co_await crawl_all(polite({web.url()}));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/a", "/robots.txt"}));
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/b") + " robots"}));
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"robots", 1}}));
  EXPECT_FALSE(found.pages.contains(web.url("/b")));
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, a_seed_may_be_disallowed) {
  site web({{"/robots.txt", text("User-agent: *\nDisallow: /\n")}, {"/", {""}}});
  const crawled found = co_await crawl_all(polite({web.url()}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt"}));
  EXPECT_EQ(found.summary["pages"], 0);
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"robots", 1}}));
  EXPECT_EQ(found.notes, (list{web.url() + " is disallowed by robots.txt; --ignore-robots fetches it"}));
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, says_of_a_seed_and_a_redirect_that_robots_txt_cannot_be_had) {
  site other({{"/robots.txt", {"", 503}}});
  site web({{"/", redirect(other.url())}});
  crawl_options options = polite({web.url(), other.url("/seed")}, {.scope = scope_rule::any});
  options.retries = 0;
  const crawled found = co_await crawl_all(options);
  EXPECT_EQ(found.notes, (list{other.url("/seed") + " is not fetched: robots.txt cannot be had: 503 Service "
                                                    "Unavailable; --ignore-robots fetches it"}));
  EXPECT_EQ(found.pages.at(web.url())["error"],
            "redirected to " + other.url() + ": robots.txt cannot be had: 503 Service Unavailable");
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(robots_obeyed, what_is_disallowed_does_not_count_towards_max_pages) {
  site web({{"/robots.txt", text("User-agent: *\nDisallow: /no\n")}, {"/no", {""}}, {"/yes", {""}}});
  const crawled found =
      co_await crawl_all(polite({web.url("/no"), web.url("/yes")}, {.max_pages = 1, .concurrency = 1}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/yes"}));
  EXPECT_EQ(found.summary["pages"], 1);
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, other_pages_take_the_places_of_what_is_disallowed_at_the_page_limit) {
  site web({{"/robots.txt", text("User-agent: *\nDisallow: /no\n")},
            {"/no", {""}},
            {"/no/2", {""}},
            {"/yes", {"<a href=a><a href=b>"}},
            {"/a", {""}},
            {"/b", {""}}});
  const crawled found =
      co_await crawl_all(polite({web.url("/no"), web.url("/no/2"), web.url("/yes")}, {.max_pages = 2}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/yes", "/a"}));
  EXPECT_EQ(found.summary["pages"], 2);
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/no") + " robots", web.url("/no/2") + " robots",
                                                       web.url("/b") + " limit"}));
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, a_redirect_to_what_is_disallowed_ends_there) {
  site web({{"/robots.txt", text("User-agent: *\nDisallow: /no\n")}, {"/", redirect("/no")}, {"/no", {""}}});
  const crawled found = co_await crawl_all(polite({web.url()}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/"}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "redirected to " + web.url("/no") + ", which robots.txt disallows");
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/no") + " robots"}));
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, each_host_has_its_own) {
  site other({{"/robots.txt", text("User-agent: *\nDisallow: /\n")}, {"/", {""}}});
  site web({{"/", {"<a href=" + other.url() + ">"}}});
  const crawled found = co_await crawl_all(polite({web.url()}, {.scope = scope_rule::any}));
  EXPECT_EQ(other.asked(), (list{"/robots.txt"}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/"}));
  EXPECT_TRUE(found.skipped.contains(other.url() + " robots"));
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(robots_obeyed, not_at_all_if_told_so) {
  site web({{"/robots.txt", text("User-agent: *\nDisallow: /\n")}, {"/", {""}}});
  co_await crawl_all(hocket::testing::from({web.url()}));
  EXPECT_EQ(web.asked(), (list{"/"}));
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, a_server_that_cannot_say_is_asked_again_and_then_left_alone) {
  list asked;
  scripted_server web(answering([&asked](const std::string& request) {
    asked.push_back(target_of(request));
    return response_text(500, "");
  }));
  const auto begin = hocket::loop::running().time();
  const crawled found = co_await crawl_all(polite({web.url()}, {.retries = 2}));
  EXPECT_EQ(asked, (list{"/robots.txt", "/robots.txt", "/robots.txt"}));
  EXPECT_EQ(hocket::loop::running().time() - begin, 1500ms);
  EXPECT_EQ(found.summary["pages"], 0);
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url() + " robots"}));
}

HOCKET_TEST(robots_obeyed, a_host_that_wants_to_be_left_alone_for_long_by_the_answer_for_its_robots_txt_is) {
  for (const int status : {429, 503}) {
    list asked;
    scripted_server web(answering([&asked, status](const std::string& request) {
      asked.push_back(target_of(request));
      return response_text(asked.back() == "/robots.txt" ? status : 200, "", "Retry-After: 3600\r\n");
    }));
    const auto begin = hocket::loop::running().time();
    const crawled found = co_await crawl_all(polite({web.url("/a"), web.url("/b")}, {.per_host = 1}));
    EXPECT_EQ(asked, (list{"/robots.txt"})) << status;
    EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/a") + " host_rests", web.url("/b") + " host_rests"}))
        << status;
    EXPECT_EQ(found.notes.size(), 2U);
    EXPECT_TRUE(
        found.notes.at(0).ends_with(fmt::format(" is not fetched: 127.0.0.1:{} wants to be left alone", web.port())));
    EXPECT_LT(hocket::loop::running().time() - begin, 60s);
  }
}

HOCKET_TEST(robots_obeyed, a_host_is_asked_again_for_its_robots_txt_when_the_rest_is_over_that_it_asked_for) {
  std::vector<hocket::duration> times;
  scripted_server web(answering([&times](const std::string&) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    return response_text(times.size() == 1 ? 503 : 200, "", "Retry-After: 20\r\n");
  }));
  const crawled found = co_await crawl_all(polite({web.url("/a")}));
  EXPECT_EQ(times.size(), 3U);
  EXPECT_EQ(times.at(1) - times.at(0), 20s);
  EXPECT_EQ(found.pages.at(web.url("/a"))["status"], 200);
}

HOCKET_TEST(robots_obeyed, a_host_that_is_not_there_is_a_page_that_failed) {
  scripted_server web(answering([](const std::string&) { return std::string(); }));
  web.refuse();
  co_await hocket::sleep(1s);
  const auto begin = hocket::loop::running().time();
  const crawled found = co_await crawl_all(polite({web.url()}, {.retries = 2}));
  EXPECT_EQ(hocket::loop::running().time() - begin, 1500ms);
  EXPECT_NE(found.pages.at(web.url())["error"].get<std::string>().find("Connection refused"), std::string::npos);
}

HOCKET_TEST(robots_obeyed, private_addresses_are_not_asked_for_it_either) {
  site start({{"/", {"<a href=http://127.0.0.2:1/>"}}});
  const crawled found = co_await crawl_all(polite({start.url()}, {.scope = scope_rule::any}));
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{"http://127.0.0.2:1/ private_address"}));
  co_await start.stop();
}

HOCKET_TEST(robots_obeyed, a_crawl_delay_is_kept_between_all_requests) {
  std::vector<hocket::duration> times;
  scripted_server web(answering([&times](const std::string& request) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    if (target_of(request) == "/robots.txt") return response_text(200, "User-agent: *\nCrawl-delay: 3\n");
    return response_text(200, "<a href=1><a href=2><a href=3>", "Content-Type: text/html\r\n");
  }));
  const crawled found = co_await crawl_all(polite({web.url()}));
  EXPECT_EQ(found.summary["ok"], 4);
  EXPECT_EQ(times.size(), 5U);
  for (std::size_t n = 1; n < times.size(); ++n) EXPECT_EQ(times[n] - times[n - 1], 3s) << n;
}

HOCKET_TEST(robots_obeyed, a_crawl_delay_longer_than_the_timeout_costs_no_page) {
  std::vector<hocket::duration> times;
  scripted_server web(answering([&times](const std::string& request) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    if (target_of(request) == "/robots.txt") return response_text(200, "User-agent: *\nCrawl-delay: 4\n");
    if (target_of(request) == "/a") return redirect_to("/b");
    return response_text(200, "<a href=a>", "Content-Type: text/html\r\n");
  }));
  const crawled found = co_await crawl_all(polite({web.url()}, {.timeout = 3s}));
  EXPECT_EQ(found.summary["ok"], 2);
  EXPECT_EQ(times.size(), 4U);
  for (std::size_t n = 1; n < times.size(); ++n) EXPECT_EQ(times[n] - times[n - 1], 4s) << n;
}

/// A server that wants a request in five seconds, and one in a hurry that leads there.
struct slow_and_quick {
  slow_and_quick()
      : slow(answering([this](const std::string& request) {
          asked.push_back("slow " + target_of(request));
          if (target_of(request) == "/robots.txt") return response_text(200, "User-agent: *\nCrawl-delay: 5\n");
          return response_text(200, "", "Content-Type: text/html\r\n");
        })),
        quick(answering([this](const std::string& request) {
          asked.push_back("quick " + target_of(request));
          if (target_of(request) == "/robots.txt") return response_text(404, "");
          if (target_of(request) == "/moved") return redirect_to(slow.url("/new"));
          return response_text(200, "<a href=a><a href=b>", "Content-Type: text/html\r\n");
        })) {}

  list asked;
  scripted_server slow;
  scripted_server quick;
};

HOCKET_TEST(robots_obeyed, who_waits_for_a_turn_keeps_nobody_else_from_asking) {
  slow_and_quick web;
  const crawled found =
      co_await crawl_all(polite({web.slow.url(), web.quick.url()}, {.scope = scope_rule::any, .concurrency = 1}));
  EXPECT_EQ(web.asked, (list{"slow /robots.txt", "quick /robots.txt", "quick /", "quick /a", "quick /b", "slow /"}));
  EXPECT_EQ(found.summary["ok"], 4);
}

HOCKET_TEST(robots_obeyed, who_waits_for_a_turn_behind_a_redirect_keeps_nobody_else_from_asking_either) {
  slow_and_quick web;
  const crawled found = co_await crawl_all(
      polite({web.quick.url("/moved"), web.quick.url()}, {.scope = scope_rule::any, .concurrency = 1}));
  EXPECT_EQ(web.asked, (list{"quick /robots.txt", "quick /moved", "slow /robots.txt", "quick /", "quick /a", "quick /b",
                             "slow /new"}));
  const auto& moved = found.pages.at(web.quick.url("/moved"));
  EXPECT_EQ(moved["final_url"], web.slow.url("/new"));
  EXPECT_EQ(moved["status"], 200);
  EXPECT_EQ(moved["redirects"].size(), 1U);
}

HOCKET_TEST(robots_obeyed, who_waits_for_a_turn_does_not_count_twice_towards_max_pages) {
  slow_and_quick web;
  const crawled found = co_await crawl_all(
      polite({web.slow.url(), web.quick.url()}, {.max_pages = 2, .scope = scope_rule::any, .concurrency = 1}));
  EXPECT_EQ(web.asked, (list{"slow /robots.txt", "quick /robots.txt", "quick /", "slow /"}));
  EXPECT_EQ(found.summary["pages"], 2);
}

HOCKET_TEST(robots_obeyed, an_interrupted_crawl_waits_for_no_turn) {
  slow_and_quick web;
  const auto found = co_await hocket::testing::interrupt_crawl(
      polite({web.slow.url(), web.quick.url("/moved")}, {.scope = scope_rule::any}), 1s);
  EXPECT_EQ(found.ending, 0s);
  EXPECT_EQ(found.skipped,
            (std::multiset<std::string>{web.slow.url() + " interrupted", web.quick.url("/moved") + " interrupted"}));
}

// ---- what pages and answers say

HOCKET_TEST(robots_obeyed, links_of_a_page_that_says_so_are_written_and_not_followed) {
  for (const std::string how : {"meta", "field"}) {
    page first{"<a href=a>", 200, {{"Content-Type", "text/html"}}};
    if (how == "field")
      first.fields.add("X-Robots-Tag", "hocket: nofollow");
    else
      first.body += "<meta name=ROBOTS content='noarchive, NOFOLLOW'>";
    site web({{"/", first}, {"/a", {""}}});
    const crawled found = co_await crawl_all(polite({web.url()}));
    EXPECT_EQ(web.asked(), (list{"/robots.txt", "/"})) << how;
    EXPECT_TRUE(found.links.contains(web.url() + " " + web.url("/a")));
    EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/a") + " nofollow"}));
    EXPECT_EQ(found.pages.at(web.url())["robots"], "nofollow");
    co_await web.stop();
  }
}

HOCKET_TEST(robots_obeyed, what_is_not_to_be_indexed_is_noted_and_followed) {
  site web({{"/", {"<meta name=robots content=noindex><a href=a>"}}, {"/a", {""}}});
  const crawled found = co_await crawl_all(polite({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["robots"], "noindex");
  EXPECT_FALSE(found.pages.at(web.url("/a")).contains("robots"));
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, not_by_links_either_if_told_so) {
  site web({{"/", {"<meta name=robots content=none><a href=a>"}}, {"/a", {""}}});
  const crawled found = co_await crawl_all(hocket::testing::from({web.url()}));
  EXPECT_EQ(web.asked(), (list{"/", "/a"}));
  EXPECT_EQ(found.pages.at(web.url())["robots"], "noindex,nofollow");
  co_await web.stop();
}

HOCKET_TEST(crawler, notes_the_canonical_url_and_the_languages_of_a_page) {
  site web({{"/",
             {"<base href=/x/><link rel=canonical href=c><link rel=alternate hreflang=de href=/de>"
              "<link rel=alternate hreflang=fr href=javascript:1><link rel=canonical href=other>"}}});
  const crawled found = co_await crawl_all(hocket::testing::from({web.url()}));
  const auto& first = found.pages.at(web.url());
  EXPECT_EQ(first["canonical"], web.url("/x/c"));
  EXPECT_EQ(first["alternates"], nlohmann::json::parse(R"([{"hreflang":"de","href":")" + web.url("/de") + "\"}]"));
  EXPECT_EQ(first["links"], 0);
  co_await web.stop();
}

HOCKET_TEST(robots_obeyed, what_a_page_says_to_this_robot_counts_and_what_it_says_to_others_does_not) {
  site web({{"/", {"<meta name=otherbot content=nofollow><a href=a>"}},
            {"/a", {"<meta name=Hocket content=nofollow><meta name=robots content=noindex><a href=b>"}},
            {"/b", {""}}});
  crawl_options options = polite({web.url()});
  options.user_agent = "hocket/2.0 (tests)";
  const crawled found = co_await crawl_all(options);
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/", "/a"}));
  EXPECT_EQ(found.pages.at(web.url("/a"))["robots"], "noindex,nofollow");
  EXPECT_FALSE(found.pages.at(web.url()).contains("robots"));
  co_await web.stop();
}

}  // namespace
