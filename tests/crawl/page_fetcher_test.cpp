#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <http/coding/content_codings.hpp>
#include <http/scripted_server.hpp>
#include <nlohmann/json.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/http/coding/content_coding.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::tcp_socket;
using hocket::http::content_coding;
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

namespace {

using json = nlohmann::json;

// ---- compressed pages

page packed(std::string_view content, content_coding coding) {
  return {encoded(coding, content),
          200,
          {{"Content-Type", "text/html"}, {"Content-Encoding", std::string(to_string(coding))}}};
}

HOCKET_TEST(page_fetcher, reads_pages_in_each_coding) {
  for (const content_coding coding : {content_coding::gzip, content_coding::br, content_coding::zstd}) {
    const std::string content = "<a href=in>" + std::string(3000, ' ') + "<a href=a>";
    site web({{"/", packed(content, coding)}, {"/in", {""}}, {"/a", {""}}});
    const crawled found = co_await crawl_all(from({web.url()}));
    EXPECT_EQ(found.links, (std::set<std::string>{web.url() + " " + web.url("/in"), web.url() + " " + web.url("/a")}));
    EXPECT_EQ(found.pages.at(web.url())["bytes"], content.size());
    EXPECT_EQ(found.summary["ok"], 3);
    co_await web.stop();
  }
}

HOCKET_TEST(page_fetcher, asks_for_compressed_pages) {
  std::string request;
  scripted_server server(answering([&request](const std::string& asked) {
    request = asked;
    return response_text(200, "");
  }));
  co_await crawl_all(from({server.url()}));
  EXPECT_NE(request.find("\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"), std::string::npos) << request;
}

HOCKET_TEST(page_fetcher, limits_pages_by_what_they_unpack_to) {
  site web({{"/", packed("<a href=in>" + std::string(20'000, ' ') + "<a href=out>", content_coding::gzip)}});
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 0, .max_body_bytes = 10'000}));
  EXPECT_EQ(found.links, (std::set<std::string>{web.url() + " " + web.url("/in")}));
  EXPECT_EQ(found.pages.at(web.url())["bytes"], 10'000);
  EXPECT_EQ(found.pages.at(web.url())["partial"], true);
  co_await web.stop();
}

HOCKET_TEST(page_fetcher, takes_a_bomb_for_an_error_and_keeps_what_came_before) {
  site web({{"/", packed("<a href=in>" + std::string(8'000'000, ' '), content_coding::gzip)}});
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 0}));
  EXPECT_LT(found.pages.at(web.url())["bytes"], 1'000'000);
  EXPECT_NE(found.pages.at(web.url())["error"], nullptr);
  EXPECT_EQ(found.links.size(), 1U);
  co_await web.stop();
}

HOCKET_TEST(page_fetcher, does_not_read_what_is_not_coded_as_it_says) {
  site web({{"/", {"<a href=x>", 200, {{"Content-Type", "text/html"}, {"Content-Encoding", "gzip"}}}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_TRUE(found.links.empty());
  co_await web.stop();
}

HOCKET_TEST(page_fetcher, names_a_coding_that_it_does_not_know) {
  site web({{"/", {"<a href=x>", 200, {{"Content-Type", "text/html"}, {"Content-Encoding", "rot13"}}}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "the body is coded by 'rot13', which is not known");
  EXPECT_TRUE(found.links.empty());
  co_await web.stop();
}

// ---- pages that break off

/// Sends the beginning of a page on every connection, and leaves the rest to `then`.
scripted_server::script breaking_off(hocket::function<coro<void>(tcp_socket&)> then) {
  return [then = std::move(then)](tcp_socket& peer, std::size_t) mutable -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<a href=x><a hr");
    co_await then(peer);
  };
}

HOCKET_TEST(page_fetcher, keeps_the_links_of_a_page_that_breaks_off_again_and_again) {
  scripted_server server(breaking_off([](tcp_socket&) -> coro<void> { co_return; }));
  const crawled found = co_await crawl_all(from({server.url()}, {.depth = 0, .retries = 2}));
  EXPECT_EQ(server.connections(), 3U);
  const json& broken = found.pages.at(server.url());
  EXPECT_EQ(broken["partial"], true);
  EXPECT_EQ(broken["bytes"], 15);
  EXPECT_EQ(broken["links"], 1);
  EXPECT_NE(broken["error"], nullptr);
  EXPECT_EQ(found.links, (std::set<std::string>{server.url() + " " + server.url("/x")}));
  EXPECT_EQ(found.summary["failed"], 1);
}

HOCKET_TEST(page_fetcher, keeps_and_follows_the_links_of_a_page_whose_time_is_up) {
  site web({{"/x", {""}}});
  scripted_server slow([target = web.url("/x")](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<a href=" + target + ">");
    co_await hocket::sleep(24h);
  });
  const crawled found =
      co_await crawl_all(from({slow.url()}, {.scope = hocket::crawl::scope_rule::any, .timeout = 10s}));
  EXPECT_EQ(found.pages.at(slow.url())["partial"], true);
  EXPECT_EQ(found.pages.at(slow.url())["error"], "no complete answer in time");
  EXPECT_EQ(found.pages.at(web.url("/x"))["status"], 200);
  co_await web.stop();
}

HOCKET_TEST(page_fetcher, tells_of_the_links_of_a_page_that_is_tried_again_once) {
  scripted_server server([](tcp_socket& peer, std::size_t nth) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    const char* const size = nth == 0 ? "1000" : "10";
    co_await peer.send_all(
        fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n<a href=x>", size));
  });
  const hocket::testing::temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  int told = 0;
  hocket::crawl::crawler work(from({server.url()}, {.depth = 0}), out,
                              {.on_links = [&told](const hocket::url&, hocket::crawl::findings&) { ++told; }});
  co_await work.run();
  EXPECT_EQ(told, 1);
  crawled found;
  read_directory(folder.path(), found);
  EXPECT_FALSE(found.pages.at(server.url()).contains("partial"));
  EXPECT_EQ(found.links.size(), 1U);
}

HOCKET_TEST(page_fetcher, calls_no_page_partial_of_which_nothing_came) {
  scripted_server server([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n");
  });
  const crawled found = co_await crawl_all(from({server.url()}, {.retries = 0}));
  EXPECT_NE(found.pages.at(server.url())["error"], nullptr);
  EXPECT_FALSE(found.pages.at(server.url()).contains("partial"));
}

// ---- redirects

HOCKET_TEST(page_fetcher, tells_of_each_redirect_on_the_way) {
  site web({{"/", redirect("/a", 301)}, {"/a", redirect("/b#there", 307)}, {"/b", {"<a href=c>"}}, {"/c", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  const json expected = {{{"url", web.url()}, {"status", 301}}, {{"url", web.url("/a")}, {"status", 307}}};
  EXPECT_EQ(found.pages.at(web.url())["redirects"], expected);
  EXPECT_EQ(found.pages.at(web.url())["final_url"], web.url("/b"));
  EXPECT_FALSE(found.pages.at(web.url("/c")).contains("redirects"));
  co_await web.stop();
}

HOCKET_TEST(page_fetcher, tells_of_the_redirect_that_closes_a_circle) {
  site web({{"/", redirect("/a")}, {"/a", redirect("/")}});
  const crawled found = co_await crawl_all(from({web.url()}));
  const json expected = {{{"url", web.url()}, {"status", 302}}, {{"url", web.url("/a")}, {"status", 302}}};
  EXPECT_EQ(found.pages.at(web.url())["redirects"], expected);
  EXPECT_EQ(found.pages.at(web.url())["final_url"], web.url());
  co_await web.stop();
}

HOCKET_TEST(page_fetcher, tells_of_no_more_redirects_than_it_follows) {
  scripted_server server(answering(
      [](const std::string& asked) { return hocket::testing::redirect_to(hocket::testing::target_of(asked) + "x"); }));
  const crawled found = co_await crawl_all(from({server.url()}, {.max_redirects = 3}));
  EXPECT_EQ(found.pages.at(server.url())["redirects"].size(), 4U);
}

}  // namespace
