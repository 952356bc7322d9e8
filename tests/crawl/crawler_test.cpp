#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <crawl/small_files.hpp>
#include <http/running_server.hpp>
#include <http/scripted_server.hpp>
#include <http/secure_servers.hpp>
#include <io/temporary_directory.hpp>
#include <nlohmann/json.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/memory_frontier.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/text/text_encoder.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_task;
using hocket::tcp_socket;
using hocket::url;
using hocket::crawl::crawl_options;
using hocket::crawl::crawler;
using hocket::crawl::scope_rule;
using hocket::testing::answering;
using hocket::testing::content_of;
using hocket::testing::crawl_all;
using hocket::testing::crawled;
using hocket::testing::ends_cancelled;
using hocket::testing::from;
using hocket::testing::html;
using hocket::testing::interrupt_crawl;
using hocket::testing::lines_of;
using hocket::testing::observe;
using hocket::testing::page;
using hocket::testing::read_directory;
using hocket::testing::read_request;
using hocket::testing::redirect;
using hocket::testing::redirect_to;
using hocket::testing::response_text;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using hocket::testing::site;
using hocket::testing::target_of;
using hocket::testing::temporary_directory;
using hocket::testing::wait_all_tasks_blocked;

namespace {

using list = std::vector<std::string>;

// ---- following links

HOCKET_TEST(crawler, fetches_every_page_that_links_lead_to_once) {
  site web({{"/", {"<a href=a><a href=b>"}},
            {"/a", {"<a href=/b><a href=/>"}},
            {"/b", {"<a href=a#x><a href=c>"}},
            {"/c", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/a", "/b", "/c"}));
  EXPECT_EQ(found.summary["pages"], 4);
  EXPECT_EQ(found.summary["ok"], 4);
  EXPECT_EQ(found.summary["failed"], 0);
  co_await web.stop();
}

HOCKET_TEST(crawler, writes_each_distinct_link_of_each_page) {
  site web({{"/", {"<a href=a><a href=a#x><a href=http://elsewhere.example/><a href=mailto:x@y.example>"}},
            {"/a", {"<a href=/>"}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.links,
            (std::set<std::string>{web.url() + " " + web.url("/a"), web.url() + " http://elsewhere.example/",
                                   web.url("/a") + " " + web.url()}));
  EXPECT_EQ(found.summary["links"], 3);
  co_await web.stop();
}

HOCKET_TEST(crawler, writes_what_became_of_each_page) {
  site web({{"/", {"<a href=a>"}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  const auto& first = found.pages.at(web.url());
  EXPECT_EQ(first["final_url"], web.url());
  EXPECT_EQ(first["status"], 200);
  EXPECT_EQ(first["content_type"], "text/html");
  EXPECT_EQ(first["bytes"], 10);
  EXPECT_EQ(first["depth"], 0);
  EXPECT_EQ(first["links"], 1);
  EXPECT_EQ(first["error"], nullptr);
  const auto& missing = found.pages.at(web.url("/a"));
  EXPECT_EQ(missing["status"], 404);
  EXPECT_EQ(missing["depth"], 1);
  EXPECT_EQ(missing["error"], "404 Not Found");
  co_await web.stop();
}

HOCKET_TEST(crawler, a_seed_given_twice_or_with_a_fragment_is_one_page) {
  site web({{"/", {""}}});
  const crawled found = co_await crawl_all(from({web.url(), web.url() + "#x", web.url()}));
  EXPECT_EQ(web.asked().size(), 1U);
  EXPECT_EQ(found.pages.size(), 1U);
  co_await web.stop();
}

HOCKET_TEST(crawler, the_base_of_a_page_counts) {
  site web({{"/", {"<base href=/deep/><a href=a>"}}, {"/deep/a", {""}}});
  co_await crawl_all(from({web.url()}));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/deep/a"}));
  co_await web.stop();
}

HOCKET_TEST(crawler, nofollow_links_are_written_and_not_followed) {
  site web({{"/", {"<a rel=nofollow href=a><a rel=nofollow href=b><a href=c>"}}, {"/c", {"<a href=b>"}}, {"/b", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/b", "/c"}));
  EXPECT_TRUE(found.links.contains(web.url() + " " + web.url("/a")));
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/a") + " nofollow"}));
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"nofollow", 1}}));
  co_await web.stop();
}

// ---- depth

HOCKET_TEST(crawler, depth_0_fetches_the_seeds_only) {
  site web({{"/0", {"<a href=1>"}}, {"/1", {"<a href=2>"}}});
  const crawled found = co_await crawl_all(from({web.url("/0")}, {.depth = 0}));
  EXPECT_EQ(web.asked(), (list{"/0"}));
  EXPECT_TRUE(found.links.contains(web.url("/0") + " " + web.url("/1")));
  EXPECT_TRUE(found.skipped.contains(web.url("/1") + " depth"));
  co_await web.stop();
}

HOCKET_TEST(crawler, depth_counts_the_fewest_links_from_a_seed) {
  const std::map<std::string, page> pages{{"/0", {"<a href=1><a href=2>"}}, {"/1", {"<a href=2><a href=3>"}},
                                          {"/2", {"<a href=4>"}},           {"/3", {"<a href=5>"}},
                                          {"/4", {"<a href=5>"}},           {"/5", {""}}};
  const std::map<unsigned, std::size_t> reachable{{0, 1}, {1, 3}, {2, 5}, {3, 6}};
  for (const auto& [depth, count] : reachable) {
    site web(pages);
    const crawled found = co_await crawl_all(from({web.url("/0")}, {.depth = depth, .concurrency = 1}));
    EXPECT_EQ(web.asked().size(), count) << "depth " << depth;
    for (const auto& [where, each] : found.pages) EXPECT_LE(each["depth"], depth) << where;
    co_await web.stop();
  }
}

// The long way answers at once and the short way late: the depth must come out the same.
HOCKET_TEST(crawler, depth_does_not_depend_on_who_answers_first) {
  running_server server([](hocket::http::request& asked) -> coro<hocket::http::reply> {
    const std::map<std::string_view, std::string_view> pages{
        {"/0", "<a href=slow><a href=a>"}, {"/a", "<a href=b>"},      {"/b", "<a href=goal>"},
        {"/slow", "<a href=goal>"},        {"/goal", "<a href=end>"}, {"/end", ""}};
    if (asked.target() == "/slow") co_await hocket::sleep(5s);
    co_return html(pages.at(asked.target()));
  });
  const crawled found = co_await crawl_all(from({server.url("/0")}, {.depth = 3}));
  EXPECT_EQ(found.pages.at(server.url("/goal"))["depth"], 2);
  EXPECT_EQ(found.pages.at(server.url("/end"))["depth"], 3);
  co_await server.stop();
}

// ---- scope

HOCKET_TEST(crawler, other_hosts_are_out_of_scope) {
  site other({{"/", {""}}});
  site web({{"/", {"<a href=a><a href=" + other.url() + ">"}}, {"/a", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_TRUE(other.asked().empty());
  EXPECT_TRUE(found.skipped.contains(other.url() + " scope"));
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(crawler, with_scope_any_other_hosts_are_asked_too) {
  site other({{"/", {""}}});
  site web({{"/", {"<a href=" + other.url() + ">"}}});
  co_await crawl_all(from({web.url()}, {.scope = scope_rule::any}));
  EXPECT_EQ(other.asked(), (list{"/"}));
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(crawler, with_scope_domain_other_ports_are_asked_too) {
  site other({{"/", {""}}});
  site web({{"/", {"<a href=" + other.url() + ">"}}});
  co_await crawl_all(from({web.url()}, {.scope = scope_rule::domain}));
  EXPECT_EQ(other.asked(), (list{"/"}));
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(crawler, with_scope_prefix_it_stays_below) {
  site web({{"/docs/", {"<a href=a><a href=/b>"}}, {"/docs/a", {""}}, {"/b", {""}}});
  const crawled found = co_await crawl_all(from({web.url("/docs/")}, {.scope = scope_rule::prefix}));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/docs/", "/docs/a"}));
  EXPECT_TRUE(found.skipped.contains(web.url("/b") + " scope"));
  co_await web.stop();
}

// ---- private addresses

HOCKET_TEST(crawler, does_not_go_to_private_addresses_that_no_seed_names) {
  site web({{"/", {""}}});
  const std::string port = web.url().substr(std::string("http://127.0.0.1").size());
  site start({{"/", {"<a href=http://127.0.0.2" + port + "><a href=http://10.0.0.1/>"}}});
  const crawled found = co_await crawl_all(from({start.url()}, {.scope = scope_rule::any}));
  EXPECT_EQ(found.summary["pages"], 1);
  EXPECT_TRUE(found.skipped.contains("http://127.0.0.2" + port + " private_address"));
  EXPECT_TRUE(found.skipped.contains("http://10.0.0.1/ private_address"));
  co_await web.stop();
  co_await start.stop();
}

HOCKET_TEST(crawler, is_not_redirected_to_private_addresses) {
  site start({{"/", redirect("http://127.0.0.2:1/secret")}});
  const crawled found = co_await crawl_all(from({start.url()}, {.scope = scope_rule::any}));
  EXPECT_TRUE(found.skipped.contains("http://127.0.0.2:1/secret private_address"));
  co_await start.stop();
}

HOCKET_TEST(crawler, goes_to_private_addresses_if_told) {
  site start({{"/", {"<a href=http://127.0.0.2:1/>"}}});
  const crawled found =
      co_await crawl_all(from({start.url()}, {.scope = scope_rule::any, .retries = 0, .allow_private = true}));
  EXPECT_NE(found.pages.at("http://127.0.0.2:1/")["error"].get<std::string>().find("refused"), std::string::npos);
  co_await start.stop();
}

// ---- limits

HOCKET_TEST(crawler, stops_after_max_pages) {
  site web(
      {{"/", {"<a href=a><a href=b><a href=c><a href=d>"}}, {"/a", {""}}, {"/b", {""}}, {"/c", {""}}, {"/d", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.max_pages = 3}));
  EXPECT_EQ(web.asked().size(), 3U);
  EXPECT_EQ(found.summary["pages"], 3);
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"limit", 2}}));
  co_await web.stop();
}

HOCKET_TEST(crawler, max_pages_that_suffice_limit_nothing) {
  site web({{"/", {"<a href=a>"}}, {"/a", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.max_pages = 2}));
  EXPECT_EQ(found.summary["pages"], 2);
  EXPECT_TRUE(found.summary["skipped"].empty());
  co_await web.stop();
}

HOCKET_TEST(crawler, a_page_that_is_tried_again_counts_once_towards_max_pages) {
  int asked = 0;
  scripted_server server(answering([&asked](const std::string&) {
    return ++asked == 1 ? response_text(503, "") : response_text(200, "", "Content-Type: text/html\r\n");
  }));
  const crawled found = co_await crawl_all(from({server.url()}, {.max_pages = 1}));
  EXPECT_EQ(found.summary["ok"], 1);
  EXPECT_EQ(asked, 2);
}

HOCKET_TEST(crawler, asks_a_loopback_host_for_no_more_than_per_host_at_once) {
  std::size_t busy = 0;
  std::size_t most = 0;
  std::string links;
  for (int n = 0; n < 30; ++n) links += fmt::format("<a href=/{}>", n);
  running_server server([&](hocket::http::request& asked) -> coro<hocket::http::reply> {
    most = std::max(most, ++busy);
    co_await hocket::sleep(1s);
    --busy;
    co_return html(asked.target() == "/" ? links : "");
  });
  const crawled found = co_await crawl_all(from({server.url()}, {.per_host = 5}));
  EXPECT_EQ(found.summary["pages"], 31);
  EXPECT_EQ(most, 5U);
  co_await server.stop();
}

HOCKET_TEST(crawler, has_no_more_requests_under_way_than_concurrency) {
  std::size_t busy = 0;
  std::size_t most = 0;
  std::string links;
  for (int n = 0; n < 30; ++n) links += fmt::format("<a href=/{}>", n);
  running_server server([&](hocket::http::request& asked) -> coro<hocket::http::reply> {
    most = std::max(most, ++busy);
    co_await hocket::sleep(1s);
    --busy;
    co_return html(asked.target() == "/" ? links : "");
  });
  co_await crawl_all(from({server.url()}, {.concurrency = 3, .per_host = 100}));
  EXPECT_EQ(most, 3U);
  co_await server.stop();
}

HOCKET_TEST(crawler, takes_the_links_of_a_page_that_is_too_large_up_to_the_limit) {
  std::string body = "<a href=in>" + std::string(2000, ' ') + "<a href=out>";
  site web({{"/", {body}}, {"/in", {""}}, {"/out", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.max_body_bytes = 1000}));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/in"}));
  EXPECT_EQ(found.pages.at(web.url())["bytes"], 1000);
  EXPECT_EQ(found.pages.at(web.url())["error"], "the body is larger than 1000 bytes; links are taken up to there");
  EXPECT_EQ(found.summary["failed"], 1);
  co_await web.stop();
}

HOCKET_TEST(crawler, a_page_of_exactly_the_limit_is_whole) {
  const std::string body = "<a href=in>" + std::string(989, ' ');
  site web({{"/", {body}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.max_body_bytes = 1000}));
  EXPECT_EQ(found.pages.at(web.url())["error"], nullptr);
  co_await web.stop();
}

// ---- content

HOCKET_TEST(crawler, takes_links_of_html_and_of_what_has_no_type) {
  for (const auto& [type, count] : {std::pair{"text/html", 2U},
                                    {"TEXT/HTML; charset=utf-8", 2U},
                                    {"application/xhtml+xml", 2U},
                                    {"text/plain", 1U},
                                    {"text/htmlx", 1U},
                                    {"image/png", 1U},
                                    {"", 2U},
                                    {";;;", 1U}}) {
    site web({{"/", {"<a href=a>", 200, {{"Content-Type", type}}}}, {"/a", {""}}});
    const crawled found = co_await crawl_all(from({web.url()}));
    EXPECT_EQ(web.asked().size(), count) << type;
    EXPECT_EQ(found.pages.at(web.url())["error"], nullptr);
    co_await web.stop();
  }
}

std::string encoded(std::string_view text, hocket::encoding which) {
  std::string bytes;
  if (which == hocket::encoding::utf_16le) {
    bytes = "\xff\xfe";
    for (const char byte : text) bytes.append({byte, '\0'});  // ASCII only
    return bytes;
  }
  hocket::text_encoder encoder(which);
  EXPECT_FALSE(encoder.encode(text, bytes));
  return bytes;
}

// What is asked for is what a browser would ask for: paths in UTF-8, queries in the encoding of the page.
HOCKET_TEST(crawler, follows_links_of_pages_in_other_encodings) {
  struct encoded_page {
    hocket::encoding which;
    std::string label;  // in the Content-Type, unless empty
    std::string body;
    std::string asked;
  };
  const std::vector<encoded_page> pages = {
      {hocket::encoding::windows_1251, "", "<meta charset=windows-1251><a href='/да?q=Привет'>",
       "/%D0%B4%D0%B0?q=%CF%F0%E8%E2%E5%F2"},
      {hocket::encoding::shift_jis, "Shift_JIS", "<title>日本</title><a href='/?q=日本語'>", "/?q=%93%FA%96{%8C%EA"},
      {hocket::encoding::gbk, "gb2312", "<a href='/中文?q=中文&amp;x=&#8364;'>",
       "/%E4%B8%AD%E6%96%87?q=%D6%D0%CE%C4&x=%80"},
      {hocket::encoding::euc_kr, "",
       "<meta http-equiv=Content-Type content='text/html; charset=ks_c_5601-1987'><a href='?한글'>", "/?%C7%D1%B1%DB"},
      {hocket::encoding::iso_8859_2, "latin2", "<a href='/?q=žluťoučký&amp;x=&#1076;'>",
       "/?q=%BElu%BBou%E8k%FD&x=%26%231076%3B"},
      {hocket::encoding::utf_16le, "", "<a href='/a?q=&#1076;'>", "/a?q=%D0%B4"},
  };
  for (const auto& each : pages) {
    const std::string type = each.label.empty() ? "text/html" : "text/html; charset=" + each.label;
    site web({{"/", {encoded(each.body, each.which), 200, {{"Content-Type", type}}}}, {each.asked, {""}}});
    const crawled found = co_await crawl_all(from({web.url()}));
    EXPECT_EQ(web.asked(), (list{"/", each.asked})) << name_of(each.which);
    EXPECT_TRUE(found.links.contains(web.url() + " " + web.url(each.asked))) << name_of(each.which);
    EXPECT_EQ(found.summary["failed"], 0) << name_of(each.which);
    co_await web.stop();
  }
}

HOCKET_TEST(crawler, leaves_other_schemes_alone) {
  site web({{"/",
             {"<a href=mailto:a@b.c><a href=javascript:x()><a href=file:///etc/passwd><a href=ftp://127.0.0.1/>"
              "<a href=data:text/html,x><a href=tel:1><a href='foo:/bar'>"}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.scope = scope_rule::any}));
  EXPECT_EQ(web.asked(), (list{"/"}));
  EXPECT_TRUE(found.links.empty());
  EXPECT_TRUE(found.skipped.empty());
  co_await web.stop();
}

HOCKET_TEST(crawler, takes_a_redirect_to_another_scheme_for_an_error) {
  site web({{"/", redirect("mailto:a@b.c")}});
  const crawled found = co_await crawl_all(from({web.url()}, {.scope = scope_rule::any}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "redirected to 'mailto:a@b.c', which is not an http(s) URL");
  co_await web.stop();
}

HOCKET_TEST(crawler, takes_no_links_of_error_pages) {
  site web({{"/", {"<a href=a>", 404}}, {"/a", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(web.asked(), (list{"/"}));
  EXPECT_EQ(found.summary["failed"], 1);
  co_await web.stop();
}

HOCKET_TEST(crawler, finds_the_same_links_however_slowly_the_page_comes) {
  const std::string body = "<!-- <a href=no> --><a href='a&amp;b'>x</a><base href=/base/><a\nrel=x href=c>";
  const std::string bytes = response_text(200, body, "Content-Type: text/html\r\n");
  scripted_server server([&bytes](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    for (const char& c : bytes) {
      co_await peer.send_all({&c, 1});
      co_await wait_all_tasks_blocked();
    }
  });
  const crawled found = co_await crawl_all(from({server.url()}, {.depth = 0}));
  EXPECT_EQ(found.links, (std::set<std::string>{server.url() + " " + server.url("/base/a&b"),
                                                server.url() + " " + server.url("/base/c")}));
}

// ---- redirects

HOCKET_TEST(crawler, a_redirected_page_is_known_by_where_it_is) {
  site web({{"/", redirect("/new")}, {"/new", {"<a href=a>"}}, {"/a", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["final_url"], web.url("/new"));
  EXPECT_EQ(found.pages.at(web.url())["status"], 200);
  EXPECT_TRUE(found.links.contains(web.url("/new") + " " + web.url("/a")));
  co_await web.stop();
}

HOCKET_TEST(crawler, a_page_that_redirects_lead_to_is_fetched_once) {
  site web({{"/", {"<a href=old1><a href=old2><a href=new>"}},
            {"/old1", redirect("/new")},
            {"/old2", redirect("/new")},
            {"/new", {"<a href=a>"}},
            {"/a", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/a", "/new", "/old1", "/old2"}));
  EXPECT_EQ(found.summary["failed"], 0);
  co_await web.stop();
}

HOCKET_TEST(crawler, a_circle_of_redirects_is_an_error) {
  site web({{"/", redirect("/a")}, {"/a", redirect("/b")}, {"/b", redirect("/a")}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "redirected in a circle");
  co_await web.stop();
}

HOCKET_TEST(crawler, a_page_that_redirects_to_itself_is_an_error) {
  site web({{"/", redirect("/#again")}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "redirected in a circle");
  co_await web.stop();
}

HOCKET_TEST(crawler, follows_no_more_redirects_than_allowed) {
  scripted_server server(answering([](const std::string& request) { return redirect_to(target_of(request) + "x"); }));
  const crawled found = co_await crawl_all(from({server.url()}, {.max_redirects = 3}));
  EXPECT_EQ(found.pages.at(server.url())["error"], "more than 3 redirects");
}

HOCKET_TEST(crawler, a_place_that_too_many_redirects_lead_to_is_still_found_by_a_link) {
  site web({{"/", {"<a href=r0>"}},
            {"/r0", redirect("/r1")},
            {"/r1", redirect("/r2")},
            {"/r2", redirect("/goal")},
            {"/goal", {""}},
            {"/late", {"<a href=goal>"}}});
  const crawled found = co_await crawl_all(from({web.url(), web.url("/late")}, {.concurrency = 1, .max_redirects = 2}));
  EXPECT_EQ(found.pages.at(web.url("/r0"))["error"], "more than 2 redirects");
  EXPECT_EQ(std::count(web.asked().begin(), web.asked().end(), "/goal"), 1);
  co_await web.stop();
}

HOCKET_TEST(crawler, shows_the_password_of_a_seed_to_its_origin_alone_and_writes_it_nowhere) {
  std::vector<std::string> shown;  // "/path field"
  const auto note = [&shown](const hocket::http::request& asked) {
    shown.push_back(fmt::format("{} {}", asked.target(), asked.headers().get("Authorization").value_or("-")));
  };
  running_server other([&](hocket::http::request& asked) -> coro<hocket::http::reply> {
    note(asked);
    co_return html("");
  });
  const auto with_user = [](std::string url) { return url.insert(url.find("//") + 2, "you:hidden@"); };
  std::string elsewhere;
  running_server web([&](hocket::http::request& asked) -> coro<hocket::http::reply> {
    note(asked);
    if (asked.target() == "/a") co_return hocket::http::reply{302, {{"Location", with_user(elsewhere)}}, ""};
    co_return asked.target() == "/" ? html("<a href=a><a href='" + with_user(other.url("/o")) + "'>") : html("");
  });
  elsewhere = web.url("/b");
  std::string seed = web.url("/");
  const temporary_directory folder;
  crawled found;
  {
    auto out = co_await hocket::crawl::output::open(folder.path());
    hocket::crawl::crawler work(from({seed.insert(7, "me:s%40cret@")}, {.scope = scope_rule::any, .concurrency = 1}),
                                out, observe(found));
    co_await work.run();
  }
  read_directory(folder.path(), found);
  std::ranges::sort(shown);
  EXPECT_EQ(shown, (std::vector<std::string>{"/ Basic bWU6c0BjcmV0", "/a Basic bWU6c0BjcmV0", "/b Basic bWU6c0BjcmV0",
                                             "/o -"}));
  EXPECT_TRUE(found.pages.contains(web.url("/")));
  for (const char* file : {"/links.tsv", "/pages.jsonl", "/summary.json"})
    EXPECT_FALSE(content_of(folder.path() + file).contains('@')) << file;
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(crawler, a_redirect_out_of_scope_is_not_followed) {
  site other({{"/", {""}}});
  site web({{"/", redirect(other.url())}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_TRUE(other.asked().empty());
  EXPECT_TRUE(found.skipped.contains(other.url() + " scope"));
  EXPECT_EQ(found.pages.at(web.url())["error"], fmt::format("redirected to {}, which is out of scope", other.url()));
  EXPECT_EQ(found.notes.size(), 1U) << "of a seed the user should know";
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(crawler, a_redirect_to_nonsense_is_an_error) {
  site web({{"/", redirect("http://[")}});
  const crawled found = co_await crawl_all(from({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "redirected to 'http://[', which is not an http(s) URL");
  co_await web.stop();
}

HOCKET_TEST(crawler, a_page_tried_again_keeps_the_place_it_is_redirected_to) {
  int asked = 0;
  scripted_server server(answering([&asked](const std::string& request) {
    if (target_of(request) == "/") return redirect_to("/new");
    return ++asked == 1 ? response_text(503, "") : response_text(200, "<a href=x>", "Content-Type: text/html\r\n");
  }));
  const crawled found = co_await crawl_all(from({server.url()}, {.depth = 0}));
  EXPECT_EQ(found.links.size(), 1U);
  EXPECT_EQ(found.pages.at(server.url())["status"], 200);
}

// ---- failures and trying again

HOCKET_TEST(crawler, tries_again_after_503_and_waits_as_asked) {
  std::vector<hocket::duration> times;
  scripted_server server(answering([&times](const std::string&) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    return times.size() == 1 ? response_text(503, "", "Retry-After: 20\r\n")
                             : response_text(200, "", "Content-Type: text/html\r\n");
  }));
  const crawled found = co_await crawl_all(from({server.url()}));
  EXPECT_EQ(found.summary["ok"], 1);
  EXPECT_EQ(times.size(), 2U);
  EXPECT_EQ(times.back() - times.front(), 20s);
}

HOCKET_TEST(crawler, waits_until_the_date_that_a_server_names_by_its_own_clock) {
  std::vector<hocket::duration> times;
  scripted_server server(answering([&times](const std::string&) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    return times.size() == 1 ? response_text(503, "",
                                             "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                             "Retry-After: Sun, 06 Nov 1994 08:49:57 GMT\r\n")
                             : response_text(200, "", "Content-Type: text/html\r\n");
  }));
  co_await crawl_all(from({server.url()}));
  EXPECT_EQ(times.size(), 2U);
  EXPECT_EQ(times.back() - times.front(), 20s);
}

HOCKET_TEST(crawler, does_not_come_back_sooner_than_a_server_asks) {
  int asked = 0;
  scripted_server server(answering([&asked](const std::string&) {
    ++asked;
    return response_text(429, "", "Retry-After: 3600\r\n");
  }));
  const crawled found = co_await crawl_all(from({server.url()}));
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_EQ(asked, 1);
}

HOCKET_TEST(crawler, leaves_a_host_alone_that_wants_to_be_for_long) {
  int asked = 0;
  scripted_server server(answering([&asked](const std::string& request) {
    ++asked;
    if (target_of(request) != "/") return response_text(429, "", "Retry-After: 120\r\n");
    std::string links;
    for (int n = 0; n < 30; ++n) links += fmt::format("<a href={}>", n);
    return response_text(200, links, "Content-Type: text/html\r\n");
  }));
  const auto begin = hocket::loop::running().time();
  const crawled found = co_await crawl_all(from({server.url()}, {.per_host = 1}));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"host_rests", 29}}));
  EXPECT_LT(hocket::loop::running().time() - begin, 120s);
}

HOCKET_TEST(crawler, a_host_rests_when_it_asks_to_whatever_becomes_of_the_page) {
  std::vector<hocket::duration> times;
  scripted_server server(answering([&times](const std::string&) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    return times.size() == 1 ? response_text(503, "", "Retry-After: 20\r\n")
                             : response_text(200, "", "Content-Type: text/html\r\n");
  }));
  co_await crawl_all(from({server.url("/a"), server.url("/b")}, {.per_host = 1, .retries = 0}));
  EXPECT_EQ(times.size(), 2U);
  EXPECT_EQ(times.back() - times.front(), 20s);
}

HOCKET_TEST(crawler, the_host_rests_that_asks_for_it_and_not_the_one_that_led_there) {
  scripted_server other(answering([](const std::string&) { return response_text(503, "", "Retry-After: 20\r\n"); }));
  std::vector<hocket::duration> times;
  scripted_server server(answering([&](const std::string& request) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    if (target_of(request) == "/a") return redirect_to(other.url());
    return response_text(200, "", "Content-Type: text/html\r\n");
  }));
  co_await crawl_all(
      from({server.url("/a"), server.url("/b")}, {.scope = scope_rule::any, .per_host = 1, .retries = 0}));
  EXPECT_EQ(times.size(), 2U);
  EXPECT_EQ(times.back(), times.front());
}

/// /a is redirected to /b and /b fails, both only the first time; /z leads to /b.
struct redirecting_once {
  explicit redirecting_once(std::string answer_of_z)
      : server(answering([this, z = std::move(answer_of_z)](const std::string& request) {
          asked.push_back(target_of(request));
          const bool is_first = std::ranges::count(asked, asked.back()) == 1;
          const auto html_of = [](std::string_view text) {
            return response_text(200, text, "Content-Type: text/html\r\n");
          };
          if (asked.back() == "/") return html_of("<a href=a><a href=z>");
          if (asked.back() == "/a") return is_first ? redirect_to("/b") : html_of("");
          if (asked.back() == "/z") return z;
          if (asked.back() == "/b")
            return is_first ? response_text(503, "", "Retry-After: 1\r\n") : html_of("<a href=c>");
          return html_of("");
        })) {}
  list asked;
  scripted_server server;
};

HOCKET_TEST(crawler, fetches_what_only_an_earlier_attempt_was_redirected_to_if_a_page_leads_there) {
  redirecting_once web(response_text(200, "<a href=b>", "Content-Type: text/html\r\n"));
  const crawled found = co_await crawl_all(from({web.server.url()}));
  EXPECT_EQ(found.pages.size(), 5U);
  EXPECT_EQ(found.pages.at(web.server.url("/b"))["status"], 200);
  EXPECT_EQ(found.pages.at(web.server.url("/b"))["depth"], 2);
  EXPECT_EQ(std::ranges::count(web.asked, "/c"), 1);
}

HOCKET_TEST(crawler, fetches_what_only_an_earlier_attempt_was_redirected_to_if_another_page_is_redirected_there) {
  redirecting_once web(redirect_to("/b"));
  const crawled found = co_await crawl_all(from({web.server.url()}));
  EXPECT_EQ(found.pages.at(web.server.url("/b"))["depth"], 1);
  EXPECT_EQ(std::ranges::count(web.asked, "/c"), 1);
}

HOCKET_TEST(crawler, does_not_fetch_what_only_an_earlier_attempt_was_redirected_to_if_no_page_leads_there) {
  redirecting_once web(response_text(200, "", "Content-Type: text/html\r\n"));
  const crawled found = co_await crawl_all(from({web.server.url()}));
  EXPECT_EQ(found.pages.size(), 3U);
  EXPECT_EQ(std::ranges::count(web.asked, "/b"), 1);
}

HOCKET_TEST(crawler, a_page_limit_lets_pages_be_tried_again) {
  int asked = 0;
  scripted_server server(answering([&asked](const std::string& request) {
    if (target_of(request) == "/a") return response_text(++asked == 1 ? 503 : 200, "", "Content-Type: text/html\r\n");
    return response_text(200, "<a href=x><a href=y>", "Content-Type: text/html\r\n");
  }));
  const crawled found = co_await crawl_all(from({server.url() + "a", server.url() + "b"}, {.max_pages = 2}));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(found.summary["ok"], 2);
  EXPECT_EQ(found.summary["skipped"]["limit"], 2);
}

HOCKET_TEST(crawler, waits_longer_from_attempt_to_attempt) {
  std::vector<hocket::duration> times;
  scripted_server server(answering([&times](const std::string&) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    return response_text(429, "");
  }));
  const crawled found = co_await crawl_all(from({server.url()}, {.retries = 3}));
  EXPECT_EQ(found.pages.at(server.url())["error"], "429 Too Many Requests");
  EXPECT_EQ(times.size(), 4U);
  EXPECT_EQ(times[1] - times[0], 500ms);
  EXPECT_EQ(times[2] - times[1], 1s);
  EXPECT_EQ(times[3] - times[2], 2s);
}

HOCKET_TEST(crawler, does_not_wait_for_a_year_because_a_server_says_so) {
  scripted_server server(
      answering([](const std::string&) { return response_text(503, "", "Retry-After: 99999999999999999999999\r\n"); }));
  const auto begin = hocket::loop::running().time();
  co_await crawl_all(from({server.url()}, {.retries = 1}));
  EXPECT_LE(hocket::loop::running().time() - begin, 10min);
}

HOCKET_TEST(crawler, does_not_try_again_after_other_errors) {
  for (const int status : {400, 404, 410, 500}) {
    int asked = 0;
    scripted_server server(answering([&asked, status](const std::string&) {
      ++asked;
      return response_text(status, "");
    }));
    co_await crawl_all(from({server.url()}));
    EXPECT_EQ(asked, 1) << status;
  }
}

HOCKET_TEST(crawler, tries_again_when_nobody_listens_and_then_gives_up) {
  scripted_server server(answering([](const std::string&) { return std::string(); }));
  server.refuse();
  co_await hocket::sleep(1s);
  const auto begin = hocket::loop::running().time();
  const crawled found = co_await crawl_all(from({server.url()}, {.retries = 2}));
  EXPECT_EQ(hocket::loop::running().time() - begin, 1500ms);
  EXPECT_EQ(found.summary["ok"], 0);
  EXPECT_EQ(found.pages.at(server.url())["status"], 0);
  EXPECT_NE(found.pages.at(server.url())["error"].get<std::string>().find("Connection refused"), std::string::npos);
}

/// A server whose first connection does `first`, and whose others answer.
scripted_server::script failing_first(hocket::function<coro<void>(tcp_socket&)> first) {
  return [first = std::move(first)](tcp_socket& peer, std::size_t nth) mutable -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    if (nth == 0) co_return co_await first(peer);
    co_await peer.send_all(response_text(200, "<a href=x>", "Content-Type: text/html\r\nConnection: close\r\n"));
  };
}

// A resolver's own errors, of which the crawler knows nothing but what they compare as.
class failing_resolver final : public hocket::resolver {
 public:
  enum class reason { nobody_knows = 1, no_answer };

  explicit failing_resolver(reason why) noexcept : why_(why) {}
  coro<std::vector<hocket::socket_address>> resolve(std::string host, std::uint16_t, int) override {
    ++asked;
    throw std::system_error(static_cast<int>(why_), category(), "cannot resolve " + host);
    co_return {};
  }
  int asked = 0;

 private:
  static const std::error_category& category() {
    static const struct final : std::error_category {
      [[nodiscard]] const char* name() const noexcept override { return "test"; }
      [[nodiscard]] std::string message(int) const override { return "in vain"; }
      [[nodiscard]] std::error_condition default_error_condition(int code) const noexcept override {
        if (code == static_cast<int>(reason::no_answer)) return std::errc::timed_out;
        return {code, *this};
      }
    } instance{};
    return instance;
  }
  reason why_;
};

HOCKET_TEST(crawler, asks_its_resolver_again_only_for_what_may_pass) {
  for (const auto& [why, times] :
       {std::pair{failing_resolver::reason::nobody_knows, 1}, {failing_resolver::reason::no_answer, 3}}) {
    const auto names = std::make_shared<failing_resolver>(why);
    const crawled found = co_await crawl_all(from({"http://web.example/"}, {.retries = 2, .resolver = names}));
    EXPECT_EQ(names->asked, times);
    EXPECT_EQ(found.pages.at("http://web.example/")["error"], "cannot resolve web.example: in vain");
  }
}

HOCKET_TEST(crawler, finds_hosts_by_its_resolver) {
  struct to_loopback final : hocket::resolver {
    coro<std::vector<hocket::socket_address>> resolve(std::string host, std::uint16_t port, int) override {
      EXPECT_EQ(host, "web.example");
      co_return std::vector{*hocket::socket_address::parse("127.0.0.1", port)};
    }
  };
  site web({{"/", {"<a href=a>"}}, {"/a", {""}}});
  std::string start = web.url();
  start.replace(start.find("127.0.0.1"), 9, "web.example");
  const crawled found = co_await crawl_all(from({start}, {.resolver = std::make_shared<to_loopback>()}));
  EXPECT_EQ(found.pages.size(), 2U);
  EXPECT_EQ(found.pages.at(start)["status"], 200);
  co_await web.stop();
}

HOCKET_TEST(crawler, tries_again_when_the_connection_is_closed_without_an_answer) {
  scripted_server server(failing_first([](tcp_socket&) -> coro<void> { co_return; }));
  const crawled found = co_await crawl_all(from({server.url()}, {.depth = 0}));
  EXPECT_EQ(found.summary["ok"], 1);
}

HOCKET_TEST(crawler, tries_again_when_the_connection_is_reset) {
  scripted_server server(failing_first([](tcp_socket& peer) -> coro<void> {
    hocket::testing::reset(peer);
    co_return;
  }));
  const crawled found = co_await crawl_all(from({server.url()}, {.depth = 0}));
  EXPECT_EQ(found.summary["ok"], 1);
}

HOCKET_TEST(crawler, tries_again_when_the_connection_ends_before_hands_are_shaken) {
  for (const bool by_reset : {false, true}) {
    auto answer = hocket::testing::over_tls(hocket::testing::answering_securely(
        [](const std::string&) { return response_text(200, "", "Content-Type: text/html\r\n"); }));
    scripted_server server(
        [answer = std::move(answer), by_reset](tcp_socket& peer, std::size_t nth) mutable -> coro<void> {
          if (nth > 0) co_return co_await answer(peer, nth);
          static_cast<void>(co_await peer.receive());
          if (by_reset) hocket::testing::reset(peer);
        });
    const std::string start = hocket::testing::secure_url(server);
    const crawled found = co_await crawl_all(from({start}, {.depth = 0, .tls = hocket::testing::client_here()}));
    EXPECT_EQ(found.summary["ok"], 1) << found.pages.at(start);
    EXPECT_EQ(server.connections(), 2U);
  }
}

HOCKET_TEST(crawler, does_not_try_again_when_the_certificate_is_not_accepted) {
  scripted_server server(hocket::testing::over_tls(
      hocket::testing::answering_securely([](const std::string&) { return response_text(200, ""); })));
  const hocket::tls_context stranger =
      hocket::tls_context::client({.cadata = hocket::make_self_signed_certificate().certificate});
  const crawled found = co_await crawl_all(from({hocket::testing::secure_url(server)}, {.depth = 0, .tls = stranger}));
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(crawler, tries_again_when_the_page_breaks_off_and_writes_its_links_once) {
  for (const bool by_reset : {false, true}) {
    scripted_server server(failing_first([by_reset](tcp_socket& peer) -> coro<void> {
      co_await peer.send_all(
          "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<a href=x><a href=y>");
      co_await hocket::sleep(1s);
      if (by_reset) hocket::testing::reset(peer);
    }));
    const crawled found = co_await crawl_all(from({server.url()}, {.depth = 0}));
    EXPECT_EQ(found.summary["ok"], 1) << found.pages.at(server.url());
    EXPECT_EQ(found.links, (std::set<std::string>{server.url() + " " + server.url("/x")}));
  }
}

HOCKET_TEST(crawler, a_server_that_talks_nonsense_fails_and_is_not_asked_again) {
  scripted_server server(hocket::testing::answering_once_with("SSH-2.0-OpenSSH_9\r\n"));
  const crawled found = co_await crawl_all(from({server.url()}));
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(crawler, a_server_that_hangs_fails_when_its_time_is_up_and_holds_up_nobody) {
  scripted_server stuck([](tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await read_request(peer));
    co_await hocket::sleep(24h);
  });
  site web({{"/", {"<a href=a>"}}, {"/a", {""}}});
  const auto begin = hocket::loop::running().time();
  const crawled found = co_await crawl_all(from({stuck.url(), web.url()}, {.timeout = 10s, .retries = 0}));
  EXPECT_EQ(hocket::loop::running().time() - begin, 10s);
  EXPECT_EQ(found.summary["ok"], 2);
  EXPECT_EQ(found.summary["failed"], 1);
  EXPECT_EQ(found.pages.at(web.url("/a"))["ms"], 0);
  co_await web.stop();
}

HOCKET_TEST(crawler, one_bad_page_leaves_the_others_alone) {
  running_server server([](hocket::http::request& asked) -> coro<hocket::http::reply> {
    if (asked.target() == "/bad") throw std::runtime_error("broken");
    co_return html("<a href=/bad><a href=/1><a href=/2>");
  });
  const crawled found = co_await crawl_all(from({server.url()}));
  EXPECT_EQ(found.summary["ok"], 3);
  EXPECT_EQ(found.summary["failed"], 1);
  co_await server.stop();
}

// ---- politeness

HOCKET_TEST(crawler, has_nothing_to_say_about_loopback) {
  site web({{"/", {""}}});
  EXPECT_TRUE((co_await crawl_all(from({web.url()}))).notes.empty());
  co_await web.stop();
}

HOCKET_TEST(crawler, keeps_the_delay_that_it_is_told_on_loopback_too) {
  std::vector<hocket::duration> times;
  scripted_server server(answering([&times](const std::string&) {
    times.push_back(hocket::loop::running().time().time_since_epoch());
    return response_text(200, "<a href=1><a href=2>", "Content-Type: text/html\r\n");
  }));
  co_await crawl_all(from({server.url()}, {.host_delay = 3s}));
  EXPECT_EQ(times.size(), 3U);
  for (std::size_t n = 1; n < times.size(); ++n) EXPECT_EQ(times[n] - times[n - 1], 3s);
}

// ---- which URLs, and in which order

HOCKET_TEST(crawler, depth_first_goes_down_before_it_goes_on) {
  site web({{"/", {"<a href=1><a href=2>"}},
            {"/1", {"<a href=1a><a href=1b>"}},
            {"/1a", {""}},
            {"/1b", {""}},
            {"/2", {""}}});
  co_await crawl_all(from({web.url()}, {.concurrency = 1, .order = hocket::crawl::crawl_order::depth_first}));
  EXPECT_EQ(web.asked(), (list{"/", "/1", "/1a", "/1b", "/2"}));
  co_await web.stop();
}

HOCKET_TEST(crawler, patterns_say_what_comes_first_and_what_last) {
  site web({{"/", {"<a href=1><a href=2><a href=late><a href=soon><a href=3>"}},
            {"/1", {""}},
            {"/2", {""}},
            {"/3", {""}},
            {"/late", {""}},
            {"/soon", {""}}});
  crawl_options options{.concurrency = 1};
  options.first.emplace_back("soon$");
  options.last.emplace_back("/late");
  options.last.emplace_back("/1$");
  co_await crawl_all(from({web.url()}, options));
  EXPECT_EQ(web.asked(), (list{"/", "/soon", "/2", "/3", "/1", "/late"}));
  co_await web.stop();
}

HOCKET_TEST(crawler, patterns_say_what_is_left_out) {
  site web({{"/", {"<a href=a.html><a href=b.html><a href=c.txt>"}}, {"/a.html", {""}}});
  crawl_options options;
  options.include.emplace_back("\\.html$");
  options.exclude.emplace_back("/b");
  const crawled found = co_await crawl_all(from({web.url()}, options));
  EXPECT_EQ(web.asked(), (list{"/", "/a.html"}));
  EXPECT_EQ(found.skipped,
            (std::multiset<std::string>{web.url("/b.html") + " excluded", web.url("/c.txt") + " excluded"}));
  co_await web.stop();
}

HOCKET_TEST(crawler, does_not_follow_relative_links_that_nest_for_ever) {
  running_server server([](hocket::http::request&) -> coro<hocket::http::reply> { co_return html("<a href=more/>"); });
  const crawled found = co_await crawl_all(from({server.url()}));
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"repeated_segments", 1}}));
  EXPECT_EQ(found.summary["pages"], 4);
  co_await server.stop();
}

HOCKET_TEST(crawler, follows_the_links_of_one_content_only_so_often) {
  const page same{"<a href=deep>"};
  site web({{"/", {"<a href=1/><a href=2/><a href=3/>"}},
            {"/1/", same},
            {"/2/", same},
            {"/3/", same},
            {"/1/deep", {""}},
            {"/2/deep", {""}},
            {"/3/deep", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.concurrency = 1, .max_duplicates = 2}));
  EXPECT_EQ(found.skipped, (std::multiset<std::string>{web.url("/3/deep") + " duplicate"}));
  EXPECT_TRUE(found.links.contains(web.url("/3/") + " " + web.url("/3/deep")));
  co_await web.stop();
}

// ---- the end

HOCKET_TEST(crawler, every_url_that_was_seen_is_a_page_or_has_a_reason) {
  site other({{"/", {""}}});
  site web({{"/", {"<a href=a><a href=b rel=nofollow><a href=" + other.url() + "><a href=c><a href=missing>"}},
            {"/a", redirect("/c")},
            {"/c", {"<a href=d>"}},
            {"/d", {"<a href=e>"}},
            {"/e", {""}}});
  const crawled found = co_await crawl_all(from({web.url()}, {.depth = 2}));
  std::set<std::string> accounted;
  for (const auto& [where, each] : found.pages) accounted.insert({where, each["final_url"].get<std::string>()});
  for (const std::string& each : found.skipped) accounted.insert(each.substr(0, each.find(' ')));
  for (const std::string& row : found.links) {
    const std::string to = row.substr(row.find(' ') + 1);
    EXPECT_TRUE(accounted.contains(to)) << to;
  }
  co_await web.stop();
  co_await other.stop();
}

HOCKET_TEST(crawler, cancelled_it_finishes_what_is_under_way_and_leaves_complete_files) {
  std::string links;
  for (int n = 0; n < 50; ++n) links += fmt::format("<a href=/{}>", n);
  running_server server([&](hocket::http::request& asked) -> coro<hocket::http::reply> {
    if (asked.target() != "/") co_await hocket::sleep(10s);
    co_return html(asked.target() == "/" ? links : "<a href=/more>");
  });
  const auto found = co_await interrupt_crawl(from({server.url()}), 5s);
  EXPECT_EQ(found.ending, 5s);
  EXPECT_EQ(found.summary["ok"], 9);  // the first page and the eight that were under way
  EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"interrupted", 43}}));
  co_await server.stop();
}

HOCKET_TEST(crawler, cancelled_it_tries_nothing_again) {
  scripted_server server(answering([](const std::string&) { return response_text(503, "", "Retry-After: 60\r\n"); }));
  EXPECT_EQ((co_await interrupt_crawl(from({server.url()}), 30s)).ending, 0s);
}

HOCKET_TEST(crawler, ends_with_the_reason_when_its_files_may_not_grow) {
  const temporary_directory folder;
  site web({{"/", {"<a href=a>"}}, {"/a", {""}}});
  auto out = co_await hocket::crawl::output::open(folder.path());
  crawler work(from({web.url()}), out);
  std::string why;
  {
    const hocket::testing::small_files limit(10);
    const auto outcome = co_await hocket::as_result(work.run());
    try {
      if (!outcome) std::rethrow_exception(outcome.error());
    } catch (const hocket::error& problem) {
      why = problem.what();
    }
  }
  EXPECT_EQ(why, fmt::format("cannot write '{}/links.tsv': File too large", folder.path()));
  EXPECT_EQ(content_of(folder / "links.tsv"), "") << "a part of a line";
  co_await web.stop();
}

HOCKET_TEST(crawler, writes_as_it_goes) {
  running_server server([](hocket::http::request& asked) -> coro<hocket::http::reply> {
    if (asked.target() != "/") co_await hocket::sleep(10s);
    co_return html("<a href=/a>");
  });
  const temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  crawler work(from({server.url()}), out);
  auto crawling = create_task(work.run());
  co_await hocket::sleep(5s);
  EXPECT_EQ(lines_of(folder / "links.tsv").size(), 2U);
  EXPECT_EQ(lines_of(folder / "pages.jsonl").size(), 1U);
  co_await crawling;
  co_await server.stop();
}

/// A frontier that takes its time to write a page down.
class slow_frontier final : public hocket::crawl::frontier {
 public:
  using targets = std::vector<hocket::crawl::target>;

  explicit slow_frontier(hocket::duration takes) : takes_(takes) {}
  coro<targets> begin(std::span<const hocket::url> seeds, const judge& decide) override {
    co_return co_await inner_.begin(seeds, decide);
  }
  coro<targets> finish(const hocket::crawl::finished_page& done, const judge& decide) override {
    targets fresh = co_await inner_.finish(done, decide);
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    co_await hocket::sleep(takes_);
    --at_once_;
    co_return fresh;
  }
  coro<bool> claim(std::string href) override { co_return co_await inner_.claim(std::move(href)); }
  void pass_over(std::string_view href, std::string_view reason) override { inner_.pass_over(href, reason); }
  coro<void> visit_passed_over(std::function<void(std::string_view, std::string_view)> visit) override {
    co_await inner_.visit_passed_over(std::move(visit));
  }
  [[nodiscard]] std::size_t seen() const noexcept override { return inner_.seen(); }
  [[nodiscard]] std::size_t most_at_once() const noexcept { return most_at_once_; }

 private:
  hocket::duration takes_;
  std::size_t at_once_ = 0;
  std::size_t most_at_once_ = 0;
  hocket::crawl::memory_frontier inner_;
};

HOCKET_TEST(crawler, a_page_that_is_written_down_takes_no_other_pages_place) {
  site web({{"/", {"<a href=/1><a href=/2><a href=/3>"}}, {"/1", {""}}, {"/2", {""}}, {"/3", {""}}});
  const temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  const auto begun = hocket::loop::running().time();
  crawler work(from({web.url()}, {.concurrency = 1}), out, {}, {.frontier = std::make_shared<slow_frontier>(10s)});
  co_await work.run();
  EXPECT_EQ(work.progress().pages, 4U);
  EXPECT_LT(hocket::loop::running().time() - begun, 30s);  // the first, and the others at once
  co_await web.stop();
}

/// A page that leads to 40, each with 100 links.
std::map<std::string, page> pages_with_many_links() {
  std::map<std::string, page> pages;
  std::string links;
  for (int n = 0; n < 100; ++n) links += fmt::format("<a href=link-{}>", n);
  for (int n = 0; n < 40; ++n) {
    pages["/"].body += fmt::format("<a href=/{}/>", n);
    pages[fmt::format("/{}/", n)].body = links;
  }
  return pages;
}

HOCKET_TEST(crawler, begins_no_page_while_too_much_was_found_that_is_not_written_down) {
  site web(pages_with_many_links());
  for (const std::size_t most : {std::size_t{1} << 20, std::size_t{50'000}, std::size_t{1}}) {
    const temporary_directory folder;
    auto out = co_await hocket::crawl::output::open(folder.path());
    const auto slow = std::make_shared<slow_frontier>(10ms);
    crawler work(from({web.url()}, {.depth = 1, .concurrency = 4, .max_held_bytes = most}), out, {},
                 {.frontier = slow});
    co_await work.run();
    EXPECT_EQ(work.progress().pages, 41U);
    EXPECT_EQ(work.progress().links, 4040U);
    EXPECT_LE(slow->most_at_once(), most > 1'000'000 ? 17U : most > 1 ? 7U : 1U);
    EXPECT_GE(slow->most_at_once(), most > 1'000'000 ? 13U : most > 1 ? 2U : 1U);
  }
  co_await web.stop();
}

HOCKET_TEST(crawler, waits_for_room_and_ends_all_the_same_when_it_is_cancelled) {
  site web(pages_with_many_links());
  const temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  crawler work(from({web.url()}, {.depth = 1, .concurrency = 4, .max_held_bytes = 1}), out, {},
               {.frontier = std::make_shared<slow_frontier>(10ms)});
  auto crawling = create_task(work.run());
  co_await hocket::sleep(45ms);
  crawling.cancel();
  EXPECT_TRUE(co_await ends_cancelled(crawling));
  EXPECT_GT(work.progress().pages, 4U);
  EXPECT_LT(work.progress().pages, 20U);
  EXPECT_EQ(lines_of(folder / "pages.jsonl").size(), work.progress().pages);
  co_await web.stop();
}

HOCKET_TEST(crawler, tells_of_each_attempt_at_a_page) {
  std::size_t asked = 0;
  scripted_server server(answering([&asked](const std::string& request) {
    if (target_of(request) == "/") return response_text(200, "<a href=/b>", "Content-Type: text/html\r\n");
    return ++asked == 1 ? response_text(503, "", "Retry-After: 1\r\n") : response_text(200, "there");
  }));
  const temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  list attempts;
  hocket::crawl::crawl_hooks hooks;
  hooks.on_attempt = [&](const hocket::crawl::attempt_record& each) {
    attempts.push_back(fmt::format("{} {} {}{}", each.url.substr(server.url().size()), each.attempt, each.status,
                                   each.is_tried_again ? " again" : ""));
  };
  crawler work(from({server.url()}), out, std::move(hooks));
  co_await work.run();
  EXPECT_EQ(attempts, (list{" 1 200", "b 1 503 again", "b 2 200"}));
}

HOCKET_TEST(crawler, knows_where_it_ends_once_the_last_level_is_reached) {
  site web({{"/", {"<a href=a><a href=b>"}}, {"/a", {"<a href=c>"}}, {"/b", {""}}});
  const temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  std::vector<std::optional<std::uint64_t>> ends;
  hocket::crawl::crawl_hooks hooks;
  const crawler* crawling = nullptr;
  hooks.on_response = [&](const url&, const hocket::http::response&) {
    ends.push_back(crawling->progress().pages_in_all);
  };
  crawler work(from({web.url()}, {.depth = 1, .concurrency = 1}), out, std::move(hooks));
  crawling = &work;
  co_await work.run();
  EXPECT_EQ(ends, (std::vector<std::optional<std::uint64_t>>{std::nullopt, 3, 3}));
  co_await web.stop();
}

TEST(crawler, cancelled_anywhere_it_leaves_nothing_behind_and_complete_files) {
  for (const auto backend : hocket::testing::every_backend()) {
    const temporary_directory folder;
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&folder]() -> coro<void> {
          scripted_server server(answering([](const std::string& request) {
            return target_of(request) == "/a"
                       ? redirect_to("/b")
                       : response_text(200, "<a href=/a><a href=/b>", "Content-Type: text/html\r\n");
          }));
          auto out = co_await hocket::crawl::output::open(folder.path());
          crawler work(from({server.url()}), out);
          const auto outcome = co_await hocket::as_result(work.run());
          crawled found;
          read_directory(folder.path(), found);
          if (!outcome) std::rethrow_exception(outcome.error());
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 15U);
  }
}

}  // namespace
