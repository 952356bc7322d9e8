// What a site may do to whoever crawls it; docs/threat_model.md has the list.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <http/coding/content_codings.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/coding/content_coding.hpp>
#include <hocket/testing/test.hpp>

#include "crawled_site.hpp"

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::crawl::scope_rule;
using hocket::testing::answering;
using hocket::testing::crawl_all;
using hocket::testing::crawled;
using hocket::testing::encoded;
using hocket::testing::from;
using hocket::testing::page;
using hocket::testing::read_request;
using hocket::testing::redirect;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::site;
using hocket::testing::target_of;

namespace {

std::string many_links(int count) {
  std::string page;
  for (int n = 0; n < count; ++n) page += "<a href=" + std::to_string(n) + ">";
  return page;
}

// ---- much out of little

HOCKET_TEST(hostile_site, with_a_long_base_gets_no_more_written_than_a_page_of_its_size_may) {
  site web({{"/", {"<base href='/" + std::string(60'000, 'x') + "/'>" + many_links(1000)}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "its links are too long or too many; the rest of them is left out");
  EXPECT_GT(found.links.size(), 10U);
  std::size_t written = 0;
  for (const std::string& row : found.links) written += row.size();
  EXPECT_LT(written, std::size_t{1} << 22);
  co_await web.stop();
}

HOCKET_TEST(hostile_site, may_have_many_short_links) {
  site web({{"/", {many_links(20'000)}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 0}));
  EXPECT_EQ(found.links.size(), 20'000U);
  EXPECT_EQ(found.summary["ok"], 1);
  co_await web.stop();
}

// Relative links that nest in any order, so that no row of segments repeats itself for long.
HOCKET_TEST(hostile_site, that_has_one_page_for_anything_comes_to_an_end_with_max_duplicates) {
  scripted_server web(answering([](const std::string&) {
    return response_text(200, "not found? <a href=a/>a</a> <a href=b/>b</a>", "Content-Type: text/html\r\n");
  }));
  const crawled found = co_await crawl_all(from({web.url()}, {.max_duplicates = 20}));
  EXPECT_LE(found.summary["pages"], 41);  // the seed, and the two links of each of 20, unless they repeat themselves
  EXPECT_GT(found.summary["pages"], 20);
  EXPECT_GT(found.summary["skipped"]["duplicate"], 0);
}

HOCKET_TEST(hostile_site, whose_robots_txt_is_a_bomb_is_left_alone) {
  std::string bomb =
      encoded(hocket::http::content_coding::gzip, "User-agent: *\nAllow: /\n#" + std::string(10'000'000, ' '));
  site web({{"/robots.txt", {bomb, 200, {{"Content-Type", "text/plain"}, {"Content-Encoding", "gzip"}}}}, {"/", {""}}});
  auto options = from({web.url()}, {.retries = 0});
  options.obey_robots = true;
  const crawled found = co_await crawl_all(std::move(options));
  EXPECT_EQ(found.summary["ok"], 0);
  EXPECT_EQ(std::ranges::count(web.asked(), "/"), 0);
  co_await web.stop();
}

// Judging each link of each page by 25,000 rules would take minutes.
HOCKET_TEST(hostile_site, with_very_many_rules_has_them_obeyed_when_a_page_has_its_turn) {
  std::string rules = "User-agent: *\n";
  for (int n = 0; rules.size() < 400'000; ++n) rules += "Disallow: /*" + std::to_string(n) + "*x$\n";
  site web({{"/robots.txt", {rules}}, {"/", {"<a href=1x><a href=ok>" + many_links(3000)}}, {"/ok", {""}}});
  auto options = from({web.url()}, {.max_pages = 2, .per_host = 1});
  options.obey_robots = true;
  const crawled found = co_await crawl_all(std::move(options));
  EXPECT_EQ(found.pages.count(web.url("/ok")), 1U);
  EXPECT_TRUE(found.skipped.contains(web.url("/1x") + " robots"));
  co_await web.stop();
}

// ---- without end

HOCKET_TEST(hostile_site, whose_page_drips_is_given_up_when_its_time_is_over) {
  scripted_server web([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n<a href=a>");
    for (;;) {
      co_await hocket::sleep(1s);
      co_await peer.send_all(" ");
    }
  });
  const auto begun = hocket::loop::running().time();
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 0, .timeout = 10s, .retries = 0}));
  EXPECT_EQ(hocket::loop::running().time() - begun, 10s);
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_EQ(found.links.size(), 1U);
}

HOCKET_TEST(hostile_site, whose_head_does_not_end_is_cut_off) {
  std::size_t sent = 0;
  scripted_server web([&sent](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\n");
    for (;; sent += 1000) co_await peer.send_all("X-" + std::string(996, 'a') + "\r\n");
  });
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 0, .retries = 0}));
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_EQ(found.pages.at(web.url())["links"], 0);
}

HOCKET_TEST(hostile_site, whose_page_does_not_end_is_read_up_to_the_limit) {
  scripted_server web([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int n = 0;; ++n) {
      const std::string link = fmt::format("<a href={:08}>", n);
      co_await peer.send_all(fmt::format("{:x}\r\n{}\r\n", link.size(), link));
    }
  });
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 0, .max_body_bytes = 170}));
  EXPECT_EQ(found.pages.at(web.url())["bytes"], 170);
  EXPECT_EQ(found.links.size(), 10U);
}

HOCKET_TEST(hostile_site, that_redirects_to_a_new_place_each_time_gets_so_many_requests_for_a_page) {
  int asked = 0;
  scripted_server web(
      answering([&asked](const std::string&) { return hocket::testing::redirect_to("/" + std::to_string(++asked)); }));
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(asked, 11);
  EXPECT_EQ(found.summary["pages"], 1);
}

// ---- where it leads

HOCKET_TEST(hostile_site, leads_to_nothing_that_is_excluded_by_a_redirect_either) {
  site web({{"/", {"<a href=trick>"}}, {"/trick", redirect("/logout")}, {"/logout", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.exclude = {hocket::crawl::url_pattern("logout")}}));
  EXPECT_EQ(std::ranges::count(web.asked(), "/logout"), 0);
  EXPECT_TRUE(found.skipped.contains(web.url("/logout") + " excluded"));
  EXPECT_EQ(found.pages.at(web.url("/trick"))["error"], "redirected to " + web.url("/logout") + ", which is excluded");
  co_await web.stop();
}

// A name that leads elsewhere each time that it is looked up.
class turncoat final : public hocket::resolver {
 public:
  coro<std::vector<hocket::socket_address>> resolve(std::string host, std::uint16_t port, int) override {
    const bool is_first = host != "rebind.example" || looked_up_++ == 0;
    co_return std::vector{*hocket::socket_address::parse(is_first ? "203.0.113.1" : "127.0.0.1", port)};
  }

 private:
  int looked_up_ = 0;
};

HOCKET_TEST(hostile_site, whose_name_leads_to_this_machine_is_refused_when_a_connection_is_made) {
  site inside({{"/", {"secret"}}});
  std::string there = inside.url("/");
  there.replace(there.find("127.0.0.1"), 9, "rebind.example");
  const auto resolver = std::make_shared<turncoat>();
  static_cast<void>(co_await resolver->resolve("rebind.example", 80, 0));  // what it was when somebody looked
  site web({{"/", {"<a href='" + there + "'>"}}});
  const crawled found = co_await crawl_all(
      from({web.url()}, {.scope = scope_rule::any, .host_delay = 0s, .retries = 0, .resolver = resolver}));
  EXPECT_TRUE(inside.asked().empty());
  EXPECT_TRUE(found.skipped.contains(there + " private_address"));
  co_await web.stop();
  co_await inside.stop();
}

// ---- what is written

HOCKET_TEST(hostile_site, writes_no_lines_and_columns_of_its_own) {
  site web({{"/",
             {"<a href=\"a\tb\nc\"><a href='x&#9;y&#10;z&#13;'><a href='/\"},{\"url\":\"forged'>",
              200,
              {{"Content-Type", "text/html; x=\"\\\"},{\\\"\""}}}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 0}));  // reads each line and row
  EXPECT_EQ(found.pages.size(), 1U);
  EXPECT_EQ(found.links.size(), 3U);
  co_await web.stop();
}

}  // namespace
