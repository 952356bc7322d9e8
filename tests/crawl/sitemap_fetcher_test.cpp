#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <http/coding/content_codings.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::crawl::crawl_options;
using hocket::testing::crawl_all;
using hocket::testing::crawled;
using hocket::testing::page;
using hocket::testing::read_request;
using hocket::testing::redirect;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::site;
using hocket::testing::target_of;

namespace {

using list = std::vector<std::string>;

crawl_options with_sitemaps(const std::string& seed, crawl_options options = {}) {
  options.sitemaps = true;
  options.seeds.push_back(*hocket::url::parse(seed));
  return options;
}

page text(std::string body) { return {std::move(body), 200, {{"Content-Type", "text/plain"}}}; }

std::string naming(const list& urls) {
  std::string all = "<urlset>";
  for (const std::string& each : urls) all += "<url><loc>" + each + "</loc></url>";
  return all + "</urlset>";
}

HOCKET_TEST(sitemap_fetcher, follows_the_pages_of_the_sitemap_that_every_site_has) {
  site web({{"/", {""}}, {"/a", {"<a href=b>"}}, {"/b", {""}}});
  web.set("/sitemap.xml", text(naming({web.url("/a"), web.url()})));
  const crawled found = co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/a", "/b", "/robots.txt", "/sitemap.xml"}));
  EXPECT_EQ(found.pages.at(web.url("/a"))["depth"], 1);
  EXPECT_EQ(found.links, (std::set<std::string>{web.url("/a") + " " + web.url("/b")}));
  EXPECT_EQ(found.summary["pages"], 3);
  EXPECT_TRUE(found.notes.empty());
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, does_not_miss_a_sitemap_that_is_not_there) {
  site web({{"/", {""}}});
  const crawled found = co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(found.summary["failed"], 0);
  EXPECT_TRUE(found.notes.empty());
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, reads_what_robots_txt_names_and_no_other) {
  site web({{"/", {""}}, {"/a", {""}}, {"/b", {""}}, {"/sitemap.xml", {"http://nobody/"}}});
  web.set("/robots.txt", text("Sitemap: /1.txt\nSitemap: " + web.url("/2.txt") + "\nSitemap: /1.txt\n"));
  web.set("/1.txt", text(web.url("/a")));
  web.set("/2.txt", text(web.url("/b")));
  co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/1.txt", "/2.txt", "/a", "/b", "/robots.txt"}));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, reads_an_index_and_compressed_files_and_follows_redirects) {
  site web({{"/", {""}}, {"/a", {""}}, {"/old.gz", redirect("/new.gz")}});
  web.set("/sitemap.xml",
          text("<sitemapindex><sitemap><loc>" + web.url("/old.gz") + "</loc></sitemap></sitemapindex>"));
  web.set("/new.gz", text(hocket::testing::encoded(hocket::http::content_coding::gzip, naming({web.url("/a")}))));
  const crawled found = co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_TRUE(found.pages.contains(web.url("/a")));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, reads_indexes_only_so_deep_and_each_once) {
  const auto index = [](const std::string& of) { return text("<sitemapindex><loc>" + of + "</loc></sitemapindex>"); };
  site web({{"/", {""}}});
  web.set("/sitemap.xml", index(web.url("/2")));
  web.set("/2", index(web.url("/3")));
  web.set("/3", index(web.url("/4")));
  co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/2", "/3", "/robots.txt", "/sitemap.xml"}));
  web.set("/2", index(web.url("/sitemap.xml")));
  co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(web.asked().size(), 9U);
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, reads_those_of_each_site_once) {
  site other({{"/", {"<a href=x>"}}, {"/x", {""}}, {"/only", {""}}});
  other.set("/sitemap.xml", text(other.url("/only")));
  site web({{"/", {"<a href=a><a href=" + other.url() + ">"}}, {"/a", {""}}, {"/sitemap.xml", text("")}});
  const crawled found = co_await crawl_all(with_sitemaps(web.url(), {.scope = hocket::crawl::scope_rule::domain}));
  EXPECT_EQ(web.asked().size(), 4U);
  EXPECT_TRUE(found.pages.contains(other.url("/only")));
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(sitemap_fetcher, lets_a_sitemap_speak_for_its_own_host_and_in_scope) {
  site web({{"/", {""}}});
  web.set("/sitemap.xml", text("http://elsewhere.example/\n" + web.url("/a") + "\nhttp://127.0.0.1:1/\n"));
  const crawled found = co_await crawl_all(with_sitemaps(web.url(), {.retries = 0}));
  EXPECT_EQ(found.pages.size(), 2U);
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{"http://127.0.0.1:1/ scope"}));
  EXPECT_EQ(found.notes, (list{"the sitemap " + web.url("/sitemap.xml") +
                               " names 1 URLs of other hosts, for which it cannot speak; they are left out"}));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, obeys_robots_txt) {
  site web({{"/", {""}}, {"/a", {""}}});
  web.set("/robots.txt", text("User-agent: *\nDisallow: /s\nSitemap: /s.txt\n"));
  const crawled found = co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/robots.txt"}));
  EXPECT_EQ(found.notes, (list{"the sitemap " + web.url("/s.txt") + " cannot be had: robots.txt disallows it"}));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, reads_those_of_a_site_whose_first_page_robots_txt_disallows) {
  site web({{"/a/b", {""}}});
  web.set("/robots.txt", text("User-agent: *\nDisallow: /$\n"));
  web.set("/sitemap.xml", text(web.url("/a/b")));
  const crawled found = co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_TRUE(found.pages.contains(web.url("/a/b")));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, says_what_cannot_be_had_and_goes_on) {
  site web({{"/", {""}}, {"/a", {""}}, {"/circle", redirect("/circle")}});
  web.set("/robots.txt",
          text("Sitemap: /gone\nSitemap: /circle\nSitemap: /broken\nSitemap: /good\nSitemap: ftp://x/\n"));
  web.set("/broken", text("\x1F\x8B nonsense"));
  web.set("/good", text(web.url("/a")));
  const crawled found = co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(found.notes.size(), 3U);
  EXPECT_EQ(found.notes.at(0), "the sitemap " + web.url("/gone") + " cannot be had: 404 Not Found");
  EXPECT_TRUE(found.pages.contains(web.url("/a")));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, takes_many_pages_in_portions) {
  site web({{"/", {""}}});
  std::string all;
  for (int n = 0; n < 2500; ++n) all += web.url("/p?" + std::to_string(n)) + "\n";
  web.set("/sitemap.xml", text(all));
  const crawled found = co_await crawl_all(with_sitemaps(web.url()));
  EXPECT_EQ(found.pages.size(), 2501U);
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, stops_at_the_limit_of_pages_and_follows_nothing_at_depth_0) {
  site web({{"/", {""}}});
  web.set("/sitemap.xml", text(web.url("/a") + "\n" + web.url("/b")));
  const crawled limited = co_await crawl_all(with_sitemaps(web.url(), {.max_pages = 2}));
  EXPECT_EQ(limited.pages.size(), 2U);
  EXPECT_EQ(limited.summary["skipped"]["limit"], 1);
  const crawled flat = co_await crawl_all(with_sitemaps(web.url(), {.depth = 0}));
  EXPECT_EQ(flat.pages.size(), 1U);
  EXPECT_EQ(flat.summary["skipped"]["depth"], 2);
  co_await web.stop();
}

// ---- bounds

HOCKET_TEST(sitemap_fetcher, reads_so_many_files_of_a_site_and_says_so) {
  site web({{"/", {""}}});
  web.set("/robots.txt", text("Sitemap: /1\nSitemap: /2\nSitemap: /3\n"));
  for (const std::string path : {"/1", "/2", "/3"}) web.set(path, text(web.url("/of" + path)));
  crawl_options options = with_sitemaps(web.url());
  options.most_of_sitemaps.files_of_site = 2;
  const crawled found = co_await crawl_all(options);
  EXPECT_EQ(found.pages.size(), 3U);
  EXPECT_EQ(found.notes, (list{"127.0.0.1 has more than 2 sitemaps; the others are left out"}));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, reads_so_much_in_all_and_says_so_once) {
  for (const hocket::crawl::sitemap_limits most :
       {hocket::crawl::sitemap_limits{.files = 2}, {.urls = 2}, {.bytes = 100}}) {
    site web({{"/", {""}}});
    web.set("/robots.txt", text("Sitemap: /1\nSitemap: /2\nSitemap: /3\n"));
    for (const std::string path : {"/1", "/2", "/3"}) web.set(path, text(naming({web.url("/of" + path)})));
    crawl_options options = with_sitemaps(web.url());
    options.most_of_sitemaps = most;
    const crawled found = co_await crawl_all(options);
    EXPECT_EQ(found.pages.size(), 3U);
    EXPECT_FALSE(found.pages.contains(web.url("/of/3")));
    EXPECT_EQ(found.notes.size(), 1U);
    EXPECT_TRUE(found.notes.at(0).starts_with("sitemaps are not read any further: ")) << found.notes.at(0);
    co_await web.stop();
  }
}

// ---- meanwhile, and the end

/// A site whose sitemap names /s at once, and does not end.
struct endless {
  list asked;
  scripted_server server{[this](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    for (;;) {
      const std::string request = co_await read_request(peer);
      if (request.empty()) co_return;
      asked.push_back(target_of(request));
      if (asked.back() == "/robots.txt") {
        co_await peer.send_all(response_text(404, ""));
      } else if (asked.back() != "/sitemap.xml") {
        co_await peer.send_all(
            response_text(200, asked.back() == "/" ? "<a href=a>" : "", "Content-Type: text/html\r\n"));
      } else {
        co_await peer.send_all("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n<urlset>");
        co_await hocket::sleep(10s);
      }
    }
  }};
};

HOCKET_TEST(sitemap_fetcher, lets_the_pages_of_the_host_have_their_turns) {
  site web({{"/", {"<a href=a><a href=b>"}}, {"/a", {"<a href=c>"}}, {"/b", {""}}, {"/c", {""}}});
  web.set("/robots.txt", text("Sitemap: /1\nSitemap: /2\nSitemap: /3\n"));
  for (const std::string path : {"/1", "/2", "/3"}) web.set(path, text(""));
  co_await crawl_all(with_sitemaps(web.url(), {.per_host = 1}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/", "/1", "/a", "/b", "/2", "/c", "/3"}));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, ends_at_once_when_the_limit_of_pages_is_met) {
  endless web;
  const auto begun = hocket::loop::running().time();
  const crawled found = co_await crawl_all(with_sitemaps(web.server.url(), {.max_pages = 2}));
  EXPECT_EQ(hocket::loop::running().time(), begun);
  EXPECT_EQ(found.pages.size(), 2U);
}

HOCKET_TEST(sitemap_fetcher, ends_at_once_when_the_crawl_is_interrupted) {
  endless web;
  const auto found = co_await hocket::testing::interrupt_crawl(with_sitemaps(web.server.url()), 1s);
  EXPECT_EQ(found.ending, 0s);
  EXPECT_EQ(found.skipped.size(), 0U);
  EXPECT_EQ(found.notes, list());
}

HOCKET_TEST(sitemap_fetcher, leaves_a_host_alone_that_wants_to_be_for_long) {
  site web({{"/", {"<a href=a><a href=b>"}}, {"/sitemap.xml", {"", 503, {{"Retry-After", "3600"}}}}});
  const crawled found = co_await crawl_all(with_sitemaps(web.url(), {.per_host = 1}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/", "/sitemap.xml"}));
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/a") + " host_rests", web.url("/b") + " host_rests"}));
  co_await web.stop();
}

/// A site whose sitemap gives these answers in turn, the last one from then on.
struct hesitant {
  explicit hesitant(list answers) : answers(std::move(answers)) {}

  [[nodiscard]] std::ptrdiff_t times_asked() const { return std::ranges::count(asked, "/sitemap.xml"); }

  list answers;
  list asked;
  std::size_t given = 0;
  scripted_server server{[this](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    for (;;) {
      const std::string request = co_await read_request(peer);
      if (request.empty()) co_return;
      asked.push_back(target_of(request));
      std::string answer = response_text(asked.back() == "/robots.txt" ? 404 : 200, "", "Content-Type: text/html\r\n");
      if (asked.back() == "/sitemap.xml") {
        answer = answers.at(given);
        given = std::min(given + 1, answers.size() - 1);
        if (answer.empty()) co_return;
      }
      co_await peer.send_all(answer);
    }
  }};
};

HOCKET_TEST(sitemap_fetcher, asks_for_a_sitemap_again_as_for_a_page) {
  const std::string busy = response_text(503, "", "Retry-After: 7\r\n");
  hesitant web({busy, "", "", ""});  // the session asks at once again where a connection that was kept is closed
  web.answers.back() = response_text(200, web.server.url("/a"), "Content-Type: text/plain\r\n");
  const auto begin = hocket::loop::running().time();
  const crawled found = co_await crawl_all(with_sitemaps(web.server.url()));
  EXPECT_EQ(web.times_asked(), 4);
  EXPECT_EQ(hocket::loop::running().time() - begin, 8s);
  EXPECT_TRUE(found.pages.contains(web.server.url("/a")));
  EXPECT_EQ(found.notes, list());
}

HOCKET_TEST(sitemap_fetcher, asks_no_more_often_than_for_a_page) {
  hesitant web({response_text(429, "")});
  const auto begin = hocket::loop::running().time();
  crawled found = co_await crawl_all(with_sitemaps(web.server.url(), {.retries = 3}));
  EXPECT_EQ(web.times_asked(), 4);
  EXPECT_EQ(hocket::loop::running().time() - begin, 3500ms);
  EXPECT_EQ(found.notes, list());  // nobody has said that it is there
  hesitant impatient({response_text(503, "", "Retry-After: 61\r\n")});
  found = co_await crawl_all(with_sitemaps(impatient.server.url()));
  EXPECT_EQ(impatient.times_asked(), 1);
}

HOCKET_TEST(sitemap_fetcher, says_what_was_refused_to_the_last) {
  site web({{"/", {""}}, {"/robots.txt", text("Sitemap: /s\n")}, {"/s", {"", 503}}});
  const crawled found = co_await crawl_all(with_sitemaps(web.url(), {.retries = 1}));
  EXPECT_EQ(found.notes, (list{"the sitemap " + web.url("/s") + " cannot be had: 503 Service Unavailable"}));
  EXPECT_EQ(web.asked(), (list{"/robots.txt", "/", "/s", "/s"}));
  co_await web.stop();
}

HOCKET_TEST(sitemap_fetcher, waits_for_no_sitemap_when_the_limit_of_pages_is_met) {
  hesitant web({response_text(503, "", "Retry-After: 50\r\n")});
  const auto begin = hocket::loop::running().time();
  co_await crawl_all(with_sitemaps(web.server.url(), {.max_pages = 1}));
  EXPECT_EQ(hocket::loop::running().time(), begin);
}

HOCKET_TEST(sitemap_fetcher, keeps_the_delay_of_the_host) {
  site web({{"/", {""}}, {"/a", {""}}});
  web.set("/sitemap.xml", text(web.url("/a")));
  const auto begin = hocket::loop::running().time();
  co_await crawl_all(with_sitemaps(web.url(), {.host_delay = 10s}));
  EXPECT_EQ(hocket::loop::running().time() - begin, 30s);  // robots.txt, page, sitemap, page
  co_await web.stop();
}

}  // namespace
