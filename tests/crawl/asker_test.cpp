#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <http/scripted_server.hpp>
#include <http/secure_servers.hpp>

#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/link_checker.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::url;
namespace http = hocket::http;
using hocket::crawl::crawl_hooks;
using hocket::crawl::crawl_options;
using hocket::crawl::link_checker;
using hocket::crawl::link_verdict;
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

page text(std::string body) { return {std::move(body), 200, {{"Content-Type", "text/plain"}}}; }

crawl_options obeying_robots(std::string seed, crawl_options options = {}) {
  options = hocket::testing::from({std::move(seed)}, std::move(options));
  options.obey_robots = true;
  return options;
}

/// What hooks see: URLs before they are asked for, and the status and URL of each answer.
struct seen {
  list before;
  list after;

  crawl_hooks hooks() {
    return {.before_request =
                [this](const url& where, hocket::http::request_options& asked) {
                  before.push_back(where.href());
                  asked.fields.set("X-Key", "1");
                },
            .on_response =
                [this](const url& where, const hocket::http::response& answer) {
                  after.push_back(fmt::format("{} {}", answer.status(), where.href()));
                }};
  }
};

coro<void> crawl_with(crawl_options options, crawl_hooks hooks) {
  const hocket::testing::temporary_directory folder;
  auto out = co_await hocket::crawl::output::open(folder.path());
  hocket::crawl::crawler work(std::move(options), out, std::move(hooks));
  co_await work.run();
}

coro<link_verdict> check(std::string link, crawl_options options, crawl_hooks hooks = {}) {
  std::vector<url> links{*url::parse(link)};
  link_verdict told;
  link_checker checker(std::move(options), std::move(hooks));
  co_await checker.check(std::move(links), [&told](const url&, const link_verdict& verdict) { told = verdict; });
  co_return told;
}

// ---- hooks

HOCKET_TEST(asker, shows_hooks_pages_redirects_robots_txt_and_sitemaps) {
  list keys;
  scripted_server web(answering([&keys](const std::string& request) {
    keys.push_back(request.find("\r\nX-Key: 1\r\n") != std::string::npos ? "key" : "no key");
    const std::string target = target_of(request);
    if (target == "/robots.txt") return redirect_to("/r");
    if (target == "/r") return response_text(200, "Sitemap: /s\n");
    if (target == "/s") return redirect_to("/t");
    if (target == "/t") return response_text(404, "");
    return target == "/" ? redirect_to("/a") : response_text(200, "");
  }));
  seen all;
  co_await crawl_with(obeying_robots(web.url(), {.sitemaps = true}), all.hooks());
  EXPECT_EQ(all.before,
            (list{web.url("/robots.txt"), web.url("/r"), web.url("/"), web.url("/a"), web.url("/s"), web.url("/t")}));
  EXPECT_EQ(all.after, (list{"302 " + web.url("/robots.txt"), "200 " + web.url("/r"), "302 " + web.url("/"),
                             "200 " + web.url("/a"), "302 " + web.url("/s"), "404 " + web.url("/t")}));
  EXPECT_EQ(keys, list(6, "key"));
}

HOCKET_TEST(asker, shows_hooks_what_is_asked_to_check_a_link) {
  scripted_server web(answering([](const std::string& request) {
    const std::string target = target_of(request);
    if (target == "/robots.txt") return response_text(404, "");
    if (target == "/a") return redirect_to("/b");
    return request.starts_with("HEAD") ? std::string("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n")
                                       : response_text(200, "");
  }));
  seen all;
  EXPECT_EQ((co_await check(web.url("/a"), obeying_robots(web.url()), all.hooks())).error, "");
  EXPECT_EQ(all.before, (list{web.url("/robots.txt"), web.url("/a"), web.url("/b"), web.url("/b")}));
  EXPECT_EQ(all.after, (list{"404 " + web.url("/robots.txt"), "302 " + web.url("/a"), "405 " + web.url("/b"),
                             "200 " + web.url("/b")}));
}

// ---- what is said with a request that checks a link

HOCKET_TEST(asker, checks_links_with_the_fields_of_the_crawl_and_shows_credentials_to_seeds_alone) {
  std::string last;
  const auto note = [&last](const std::string& request) {
    last = request;
    return response_text(200, "");
  };
  scripted_server seed(answering(note));
  scripted_server other(answering(note));
  crawl_options options = hocket::testing::from({seed.url()}, {.fields = {{"X-Who", "me"}}});
  options.auth = hocket::http::credentials::basic("me", "secret");
  co_await check(seed.url("/image"), options);
  EXPECT_NE(last.find("\r\nX-Who: me\r\n"), std::string::npos) << last;
  EXPECT_NE(last.find("\r\nAuthorization: Basic "), std::string::npos) << last;
  EXPECT_NE(last.find("\r\nAccept: */*\r\n"), std::string::npos) << last;
  co_await check(other.url("/image"), options);
  EXPECT_NE(last.find("\r\nX-Who: me\r\n"), std::string::npos) << last;
  EXPECT_EQ(last.find("Authorization"), std::string::npos) << last;
}

// ---- which redirects are followed

/// A server by TLS that leads from one path to the same of one without.
struct giving_tls_up {
  site plain{
      {{"/robots.txt", text("User-agent: *\nDisallow: /no\n")}, {"/sitemap.xml", text("")}, {"/", {""}}, {"/a", {""}}}};
  explicit giving_tls_up(std::string path)
      : server(hocket::testing::over_tls(
            hocket::testing::answering_securely([this, path = std::move(path)](const std::string& request) {
              const std::string target = target_of(request);
              return target == path ? redirect_to(plain.url(target))
                                    : response_text(200, "", "Content-Type: text/html\r\n");
            }))) {}
  scripted_server server;

  [[nodiscard]] std::string href(std::string_view path = "/") const {
    return hocket::testing::secure_url(server, path);
  }
  [[nodiscard]] crawl_options options(bool is_allowed, crawl_options more = {}) const {
    more.allow_downgrade = is_allowed;
    more.retries = 0;
    more.allow_private = true;
    more.tls = hocket::testing::client_here();
    return obeying_robots(href(), std::move(more));
  }
};

HOCKET_TEST(asker, follows_robots_txt_from_https_to_http_only_if_told_so) {
  for (const bool is_allowed : {false, true}) {
    giving_tls_up web("/robots.txt");
    const crawled found = co_await crawl_all(web.options(is_allowed));
    EXPECT_EQ(web.plain.asked().size(), is_allowed ? 1U : 0U);
    EXPECT_EQ(found.pages.at(web.href())["status"], is_allowed ? 200 : 0);
    if (!is_allowed)
      EXPECT_EQ(found.pages.at(web.href())["error"], "redirected from " + web.href("/robots.txt") + " to " +
                                                         web.plain.url("/robots.txt") + ", which would give TLS up");
    co_await web.plain.stop();
  }
}

HOCKET_TEST(asker, follows_a_sitemap_from_https_to_http_only_if_told_so) {
  for (const bool is_allowed : {false, true}) {
    giving_tls_up web("/sitemap.xml");
    const crawled found = co_await crawl_all(web.options(is_allowed, {.sitemaps = true}));
    EXPECT_EQ(std::ranges::count(web.plain.asked(), "/sitemap.xml"), is_allowed ? 1 : 0);
    EXPECT_EQ(found.notes.size(), is_allowed ? 0U : 1U);
    co_await web.plain.stop();
  }
}

HOCKET_TEST(asker, follows_a_link_that_is_checked_from_https_to_http_only_if_told_so) {
  for (const bool is_allowed : {false, true}) {
    giving_tls_up web("/a");
    const link_verdict verdict = co_await check(web.href("/a"), web.options(is_allowed));
    EXPECT_EQ(std::ranges::count(web.plain.asked(), "/a"), is_allowed ? 1 : 0);
    EXPECT_EQ(verdict.error.empty(), is_allowed) << verdict.error;
    co_await web.plain.stop();
  }
}

HOCKET_TEST(asker, takes_for_redirects_what_browsers_take_for_such) {
  for (const int status : {300, 301, 302, 303, 304, 305, 307, 308}) {
    site web({{"/", redirect("/a", status)}, {"/a", {""}}});
    co_await crawl_all(hocket::testing::from({web.url()}));
    EXPECT_EQ(web.asked().size(), status == 300 || status == 304 || status == 305 ? 1U : 2U) << status;
    co_await web.stop();
  }
}

HOCKET_TEST(asker, tells_no_password_of_where_a_redirect_leads) {
  site web({{"/", redirect("ftp://me:secret@elsewhere/")}});
  const crawled found = co_await crawl_all(hocket::testing::from({web.url()}));
  EXPECT_EQ(found.pages.at(web.url())["error"], "redirected to 'ftp://elsewhere/', which is not an http(s) URL");
  co_await web.stop();
}

HOCKET_TEST(asker, asks_for_no_sitemap_that_is_excluded_by_a_redirect_either) {
  site web({{"/", {""}}, {"/moved", redirect("/private/2")}});
  web.set("/robots.txt", text("Sitemap: /private/1\nSitemap: /moved\n"));
  crawl_options options = obeying_robots(web.url(), {.sitemaps = true});
  options.exclude.emplace_back("/private/");
  const crawled found = co_await crawl_all(options);
  EXPECT_EQ(web.asked_in_order_of_name(), (list{"/", "/moved", "/robots.txt"}));
  EXPECT_EQ(found.notes, (list{"the sitemap " + web.url("/private/1") + " cannot be had: it is excluded",
                               "the sitemap " + web.url("/moved") + " cannot be had: it is excluded"}));
  co_await web.stop();
}

HOCKET_TEST(asker, checks_no_link_that_a_redirect_leads_to_what_is_excluded) {
  site web({{"/a", redirect("/private")}});
  crawl_options options = hocket::testing::from({web.url()});
  options.exclude.emplace_back("/private");
  const link_verdict verdict = co_await check(web.url("/a"), options);
  EXPECT_EQ(verdict.not_checked, "excluded");
  EXPECT_EQ(web.asked(), (list{"/a"}));
  co_await web.stop();
}

// ---- turns

/// Notes when and where it was asked for something.
struct noted {
  std::vector<std::pair<std::string, hocket::duration>> asked;

  void add(std::string what) { asked.emplace_back(std::move(what), hocket::loop::running().time().time_since_epoch()); }
  [[nodiscard]] list names() const {
    list all;
    for (const auto& [name, when] : asked) all.push_back(name);
    return all;
  }
};

HOCKET_TEST(asker, takes_a_turn_of_the_host_that_has_the_robots_txt_of_another) {
  noted all;
  scripted_server other(answering([&all](const std::string& request) {
    all.add("other " + target_of(request));
    return response_text(200, "User-agent: *\nDisallow: /no\n");
  }));
  scripted_server web(answering([&all, &other](const std::string& request) {
    all.add("web " + target_of(request));
    return redirect_to(other.url("/robots.txt"));
  }));
  crawl_options options = obeying_robots(other.url("/a"), {.depth = 0, .per_host = 1, .host_delay = 2s});
  options.seeds.push_back(*url::parse(web.url("/no")));
  co_await crawl_all(std::move(options));
  EXPECT_EQ(all.names(), (list{"other /robots.txt", "web /robots.txt", "other /robots.txt", "other /a"}));
  EXPECT_GE(all.asked.at(2).second - all.asked.at(0).second, 2s);
  EXPECT_GE(all.asked.at(3).second - all.asked.at(2).second, 2s);
}

// ---- requests at once to one address

/// Every name is at 127.0.0.1, but those that begin with "far".
class names_of_one_server final : public hocket::resolver {
 public:
  coro<std::vector<hocket::socket_address>> resolve(std::string host, std::uint16_t port, int) override {
    co_return std::vector{*hocket::socket_address::parse(host.starts_with("far") ? "127.0.0.2" : "127.0.0.1", port)};
  }
};

/// Answers everything after a second; notes how many requests there were at once.
class slow_server {
 public:
  explicit slow_server(std::string address, hocket::function<http::reply(std::string_view target)> answer)
      : answer_(std::move(answer)),
        listener_(hocket::tcp_listener::listen(*hocket::socket_address::parse(address, 0))),
        server_([this](http::request& asked) -> coro<http::reply> {
          most = std::max(most, ++now_);
          co_await hocket::sleep(1s);
          --now_;
          co_return answer_(asked.target());
        }),
        serving_(hocket::create_task(server_.serve(listener_))) {}

  [[nodiscard]] std::string url(std::string_view name, std::string_view path) const {
    return fmt::format("http://{}:{}{}", name, listener_.local_address().port(), path);
  }
  coro<void> stop() {
    serving_.cancel();
    static_cast<void>(co_await hocket::as_result(serving_));
  }

  int most = 0;

 private:
  int now_ = 0;
  hocket::function<http::reply(std::string_view target)> answer_;
  hocket::tcp_listener listener_;
  http::server server_;
  hocket::task<void> serving_;
};

crawl_options two_at_an_address(std::vector<std::string> seeds) {
  crawl_options options{.scope = scope_rule::any,
                        .per_host = 8,
                        .per_address = 2,
                        .host_delay = 0s,
                        .allow_private = true,
                        .resolver = std::make_shared<names_of_one_server>()};
  for (const std::string& each : seeds) options.seeds.push_back(*url::parse(each));
  return options;
}

HOCKET_TEST(asker, asks_hosts_at_one_address_no_more_often_than_their_share) {
  std::string links;
  const auto answer = [&links](std::string_view target) {
    return target == "/robots.txt" ? http::reply::text("", 404) : hocket::testing::html(links);
  };
  slow_server web("127.0.0.1", answer);
  slow_server far("127.0.0.2", answer);
  for (int n = 0; n < 6; ++n)
    links += fmt::format("<a href={}><a href={}>", web.url(fmt::format("n{}.test", n), "/a"),
                         web.url("n.test", fmt::format("/{}", n)));
  for (int n = 0; n < 3; ++n) links += fmt::format("<a href={}>", far.url("far.test", fmt::format("/{}", n)));
  const crawled found = co_await crawl_all(two_at_an_address({web.url("n.test", "/")}));
  EXPECT_EQ(found.pages.size(), 16U);
  for (const auto& [where, page] : found.pages) EXPECT_EQ(page["status"], 200) << where;
  EXPECT_EQ(web.most, 2);
  EXPECT_EQ(far.most, 2);
  co_await web.stop();
  co_await far.stop();
}

HOCKET_TEST(asker, counts_where_pages_are_redirected_for_the_address_there) {
  std::map<std::string, std::string, std::less<>> places;
  slow_server web("127.0.0.1", [&places](std::string_view target) {
    const auto place = places.find(target);
    return place == places.end() ? hocket::testing::html("") : http::reply::redirect(place->second);
  });
  slow_server far("127.0.0.2", [](std::string_view) { return hocket::testing::html(""); });
  std::vector<std::string> seeds;
  for (int n = 0; n < 8; ++n) {
    seeds.push_back(web.url(fmt::format("n{}.test", n), fmt::format("/{}", n)));
    places.emplace(fmt::format("/{}", n), far.url(fmt::format("far{}.test", n % 4), fmt::format("/{}", n)));
  }
  crawl_options options = two_at_an_address(seeds);
  options.obey_robots = false;
  const crawled found = co_await crawl_all(std::move(options));
  EXPECT_EQ(found.pages.size(), 8U);
  for (const auto& [where, page] : found.pages)
    EXPECT_TRUE(page["final_url"].get<std::string>().contains("far")) << where;
  EXPECT_EQ(web.most, 2);
  EXPECT_EQ(far.most, 2);
  co_await web.stop();
  co_await far.stop();
}

HOCKET_TEST(asker, checks_links_of_hosts_at_one_address_no_more_often_than_their_share) {
  slow_server web("127.0.0.1", [](std::string_view) { return hocket::testing::html(""); });
  slow_server far("127.0.0.2", [](std::string_view) { return hocket::testing::html(""); });
  std::vector<url> links;
  for (int n = 0; n < 6; ++n) {
    links.push_back(*url::parse(web.url(fmt::format("n{}.test", n), "/")));
    links.push_back(*url::parse(far.url("far.test", fmt::format("/{}", n))));
  }
  list told;
  link_checker checker(two_at_an_address({web.url("n.test", "/")}));
  co_await checker.check(links, [&told](const url& link, const link_verdict& verdict) {
    EXPECT_EQ(verdict.status, 200) << link.href() << verdict.error << verdict.not_checked;
    told.push_back(link.href());
  });
  EXPECT_EQ(told.size(), 12U);
  EXPECT_EQ(web.most, 2);
  EXPECT_EQ(far.most, 2);
  co_await web.stop();
  co_await far.stop();
}

HOCKET_TEST(asker, asks_hosts_at_one_address_at_once_unless_that_is_limited) {
  slow_server web("127.0.0.1", [](std::string_view) { return hocket::testing::html(""); });
  std::vector<std::string> seeds;
  for (int n = 0; n < 6; ++n) seeds.push_back(web.url(fmt::format("n{}.test", n), "/"));
  crawl_options options = two_at_an_address(seeds);
  options.per_address.reset();
  co_await crawl_all(std::move(options));
  EXPECT_EQ(web.most, 6);
  co_await web.stop();
}

}  // namespace
