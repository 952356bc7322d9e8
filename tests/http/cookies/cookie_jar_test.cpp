#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/http/cookies/cookie_jar.hpp>

namespace {

using namespace std::chrono;
using hocket::url;
using hocket::http::cookie;
using hocket::http::cookie_jar;
using hocket::http::request_site;

constexpr sys_seconds now = sys_days{2025y / January / 1};

url at(std::string_view text) { return url::parse(text).value(); }

struct jar : cookie_jar {
  using cookie_jar::cookie_jar;
  bool set(std::string_view field, std::string_view from = "https://www.example.org/docs/a.html",
           sys_seconds when = now, request_site site = request_site::same) {
    return take(field, at(from), when, site);
  }
  std::string get(std::string_view target, sys_seconds when = now, request_site site = request_site::same) {
    return header_for(at(target), when, site);
  }
};

TEST(cookie_jar, gives_back_what_it_was_given) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/"));
  EXPECT_EQ(jar.get("https://www.example.org/"), "a=1");
  EXPECT_EQ(jar.size(), 1U);
}

TEST(cookie_jar, keeps_cookies_of_a_host_for_that_host) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/", "https://example.org/"));
  EXPECT_EQ(jar.get("https://example.org:8443/"), "a=1");  // ports do not count
  EXPECT_EQ(jar.get("https://www.example.org/"), "");
  EXPECT_EQ(jar.get("https://org/"), "");
  EXPECT_EQ(jar.get("https://notexample.org/"), "");
}

TEST(cookie_jar, gives_cookies_of_a_domain_to_all_hosts_below_it) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/; Domain=Example.org"));
  EXPECT_EQ(jar.get("https://example.org/"), "a=1");
  EXPECT_EQ(jar.get("https://x.y.example.org/"), "a=1");
  EXPECT_EQ(jar.get("https://notexample.org/"), "");
  EXPECT_EQ(jar.get("https://example.org.evil.net/"), "");
}

TEST(cookie_jar, refuses_cookies_for_the_domains_of_others) {
  jar jar;
  for (const std::string domain : {"other.org", "www.example.org.", "x.www.example.org", "ample.org", "..example.org",
                                   "example.org..", "w.example.org", "org", ".org"}) {
    EXPECT_FALSE(jar.set("a=1; Domain=" + domain)) << domain;
  }
  EXPECT_EQ(jar.size(), 0U);
}

TEST(cookie_jar, refuses_cookies_for_public_suffixes) {
  jar jar;
  EXPECT_FALSE(jar.set("a=1; Domain=co.uk", "https://www.example.co.uk/"));
  EXPECT_FALSE(jar.set("a=1; Domain=github.io", "https://user.github.io/"));
  EXPECT_FALSE(jar.set("a=1; Domain=unlisted", "https://www.unlisted/"));
  EXPECT_TRUE(jar.set("a=1; Domain=example.co.uk", "https://www.example.co.uk/"));
}

TEST(cookie_jar, keeps_the_cookies_of_a_public_suffix_itself_for_that_host) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Domain=github.io", "https://github.io/"));
  EXPECT_TRUE(jar.set("b=1; Domain=localhost", "https://localhost/"));
  EXPECT_EQ(jar.get("https://github.io/"), "a=1");
  EXPECT_EQ(jar.get("https://user.github.io/"), "");
  EXPECT_EQ(jar.get("https://localhost/"), "b=1");
  EXPECT_EQ(jar.get("https://x.localhost/"), "");
}

TEST(cookie_jar, takes_an_address_for_a_host_without_a_domain) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Domain=127.0.0.1", "http://127.0.0.1:8000/"));
  EXPECT_FALSE(jar.set("b=1; Domain=0.0.1", "http://127.0.0.1:8000/"));
  EXPECT_TRUE(jar.set("c=1", "http://[::1]/"));
  EXPECT_EQ(jar.get("http://127.0.0.1/"), "a=1");
  EXPECT_EQ(jar.get("http://[::1]/"), "c=1");
}

TEST(cookie_jar, gives_cookies_to_paths_below_theirs) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/docs"));
  for (const std::string path : {"/docs", "/docs/", "/docs/x/y", "/docs?q", "/docs/../docs"})
    EXPECT_EQ(jar.get("https://www.example.org" + path), "a=1") << path;
  for (const std::string path : {"/", "/doc", "/docsx", "/Docs", "/x/docs"})
    EXPECT_EQ(jar.get("https://www.example.org" + path), "") << path;
  jar.clear();
  EXPECT_TRUE(jar.set("b=1; Path=/docs/"));
  EXPECT_EQ(jar.get("https://www.example.org/docs/x"), "b=1");
  EXPECT_EQ(jar.get("https://www.example.org/docs"), "");
}

TEST(cookie_jar, takes_the_folder_of_the_request_where_no_path_is_said) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1", "https://www.example.org/docs/sub/a.html?x=/y/"));
  EXPECT_TRUE(jar.set("b=1; Path=relative", "https://www.example.org/a.html"));
  EXPECT_EQ(jar.all()[0].path, "/docs/sub");
  EXPECT_EQ(jar.all()[1].path, "/");
}

TEST(cookie_jar, gives_longer_paths_first_and_then_older_cookies) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/"));
  EXPECT_TRUE(jar.set("b=1; Path=/docs"));
  EXPECT_TRUE(jar.set("c=1; Path=/; Domain=example.org", "https://www.example.org/", now - 1s));
  EXPECT_TRUE(jar.set("d=1; Path=/docs"));
  EXPECT_EQ(jar.get("https://www.example.org/docs/"), "b=1; d=1; c=1; a=1");
}

TEST(cookie_jar, replaces_a_cookie_and_keeps_its_age) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/"));
  EXPECT_TRUE(jar.set("b=1; Path=/", "https://www.example.org/", now + 1s));
  EXPECT_TRUE(jar.set("a=2; Path=/", "https://www.example.org/", now + 2s));
  EXPECT_EQ(jar.get("https://www.example.org/"), "a=2; b=1");
  EXPECT_EQ(jar.size(), 2U);
}

TEST(cookie_jar, tells_cookies_apart_by_name_domain_and_path) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/"));
  EXPECT_TRUE(jar.set("A=2; Path=/"));
  EXPECT_TRUE(jar.set("a=3; Path=/docs"));
  EXPECT_TRUE(jar.set("a=4; Path=/; Domain=example.org"));
  EXPECT_TRUE(jar.set("a=5; Path=/; Domain=www.example.org"));
  EXPECT_EQ(jar.get("https://www.example.org/docs/"), "a=3; a=1; A=2; a=4; a=5");
}

TEST(cookie_jar, forgets_what_has_expired) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/; Max-Age=10"));
  EXPECT_TRUE(jar.set("b=1; Path=/; Expires=Wed, 01 Jan 2025 00:00:20 GMT"));
  EXPECT_TRUE(jar.set("c=1; Path=/; Max-Age=30; Expires=Wed, 01 Jan 2020 00:00:00 GMT"));
  EXPECT_EQ(jar.get("https://www.example.org/", now + 9s), "a=1; b=1; c=1");
  EXPECT_EQ(jar.get("https://www.example.org/", now + 10s), "b=1; c=1");
  EXPECT_EQ(jar.get("https://www.example.org/", now + 20s), "c=1");
  EXPECT_EQ(jar.size(), 3U);
  jar.remove_expired(now + 20s);
  EXPECT_EQ(jar.size(), 1U);
}

TEST(cookie_jar, forgets_a_cookie_when_the_server_says_so) {
  for (const std::string how : {"Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"}) {
    jar jar;
    EXPECT_TRUE(jar.set("a=1; Path=/"));
    EXPECT_TRUE(jar.set("a=; Path=/; " + how));
    EXPECT_EQ(jar.size(), 0U) << how;
  }
}

TEST(cookie_jar, keeps_no_cookie_for_longer_than_its_owner_says) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Max-Age=99999999999999999999"));
  EXPECT_TRUE(jar.set("b=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"));
  for (const cookie& it : jar.all()) EXPECT_EQ(it.expires, now + days(400));
}

TEST(cookie_jar, ends_a_session) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/"));
  EXPECT_TRUE(jar.set("b=1; Path=/; Max-Age=10"));
  jar.end_session();
  EXPECT_EQ(jar.get("https://www.example.org/"), "b=1");
}

TEST(cookie_jar, gives_secure_cookies_to_secure_requests_only) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/; Secure"));
  EXPECT_EQ(jar.get("http://www.example.org/"), "");
  EXPECT_EQ(jar.get("wss://www.example.org/"), "a=1");
  EXPECT_FALSE(jar.set("b=1; Path=/; Secure", "http://www.example.org/"));
}

TEST(cookie_jar, lets_no_secure_cookie_be_hidden_from_in_the_open) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; Path=/docs; Secure; Domain=example.org"));
  EXPECT_FALSE(jar.set("a=2; Path=/docs", "http://www.example.org/"));
  EXPECT_FALSE(jar.set("a=2; Path=/docs/sub; Domain=example.org", "http://www.example.org/"));
  EXPECT_FALSE(jar.set("a=; Path=/docs; Domain=example.org; Max-Age=0", "http://www.example.org/"));
  EXPECT_TRUE(jar.set("a=2; Path=/", "http://www.example.org/"));
  EXPECT_TRUE(jar.set("b=2; Path=/docs", "http://www.example.org/"));
  EXPECT_TRUE(jar.set("a=2; Path=/docs", "https://www.example.org/"));
}

TEST(cookie_jar, holds_names_to_their_prefixes) {
  jar jar;
  EXPECT_FALSE(jar.set("__Secure-a=1"));
  EXPECT_FALSE(jar.set("__secure-a=1"));
  EXPECT_TRUE(jar.set("__Secure-a=1; Secure; Domain=example.org"));
  EXPECT_FALSE(jar.set("__Host-a=1; Secure; Path=/; Domain=www.example.org"));
  EXPECT_FALSE(jar.set("__Host-a=1; Secure; Path=/docs"));
  EXPECT_FALSE(jar.set("__Host-a=1; Secure", "https://www.example.org/"));
  EXPECT_FALSE(jar.set("__HOST-a=1; Path=/"));
  EXPECT_TRUE(jar.set("__Host-a=1; Path=/; Secure"));
}

TEST(cookie_jar, applies_same_site) {
  jar jar;
  EXPECT_TRUE(jar.set("n=1; Path=/; SameSite=None; Secure"));
  EXPECT_TRUE(jar.set("l=1; Path=/; SameSite=Lax"));
  EXPECT_TRUE(jar.set("s=1; Path=/; SameSite=Strict"));
  EXPECT_TRUE(jar.set("u=1; Path=/"));
  EXPECT_FALSE(jar.set("x=1; Path=/; SameSite=None"));
  EXPECT_EQ(jar.get("https://www.example.org/"), "n=1; l=1; s=1; u=1");
  EXPECT_EQ(jar.get("https://www.example.org/", now, request_site::cross_navigation), "n=1; l=1; u=1");
  EXPECT_EQ(jar.get("https://www.example.org/", now, request_site::cross), "n=1");
}

TEST(cookie_jar, takes_from_a_strangers_request_only_what_is_meant_for_it) {
  jar jar;
  constexpr std::string_view from = "https://www.example.org/";
  EXPECT_FALSE(jar.set("a=1", from, now, request_site::cross));
  EXPECT_FALSE(jar.set("b=1; SameSite=Strict", from, now, request_site::cross));
  EXPECT_TRUE(jar.set("c=1; SameSite=None; Secure", from, now, request_site::cross));
  EXPECT_TRUE(jar.set("d=1; SameSite=Strict", from, now, request_site::cross_navigation));
}

TEST(cookie_jar, keeps_http_only) {
  jar jar;
  EXPECT_TRUE(jar.set("a=1; HttpOnly"));
  EXPECT_TRUE(jar.all().front().http_only);
}

TEST(cookie_jar, gives_up_what_was_not_used_for_longest) {
  jar jar({.most_per_domain = 3});
  for (const std::string name : {"a", "b", "c"}) EXPECT_TRUE(jar.set(name + "=1; Path=/" + name));
  EXPECT_EQ(jar.get("https://www.example.org/a"), "a=1");
  EXPECT_TRUE(jar.set("d=1; Path=/d"));
  std::string names;
  for (const cookie& it : jar.all()) names += it.name;
  EXPECT_EQ(names, "acd");
}

TEST(cookie_jar, gives_up_the_expired_first_and_then_the_insecure) {
  jar jar({.most_per_domain = 3});
  EXPECT_TRUE(jar.set("s=1; Secure"));
  EXPECT_TRUE(jar.set("i=1"));
  EXPECT_TRUE(jar.set("e=1; Max-Age=5"));
  EXPECT_TRUE(jar.set("f=1", "https://www.example.org/", now + 10s));
  EXPECT_TRUE(jar.set("g=1", "https://www.example.org/", now + 10s));
  std::string names;
  for (const cookie& it : jar.all()) names += it.name;
  EXPECT_EQ(names, "sfg");
}

TEST(cookie_jar, keeps_fifty_of_a_domain_and_three_thousand_in_all) {
  jar jar;
  for (int n = 0; n < 60; ++n) EXPECT_TRUE(jar.set("a" + std::to_string(n) + "=1"));
  EXPECT_EQ(jar.size(), 50U);
  for (int n = 0; n < 3010; ++n)
    EXPECT_TRUE(jar.set("a=1", "https://h" + std::to_string(n) + ".example.org/", now + 1s));
  EXPECT_EQ(jar.size(), 3000U);
  EXPECT_EQ(jar.get("https://www.example.org/docs/"), "");
  EXPECT_EQ(jar.get("https://h9.example.org/"), "");
  EXPECT_EQ(jar.get("https://h10.example.org/"), "a=1");
}

TEST(cookie_jar, takes_all_cookies_of_a_response) {
  jar jar;
  const hocket::http::headers fields{{"Set-Cookie", "a=1"}, {"X", "y"}, {"set-cookie", "b=2"}, {"Set-Cookie", "=;"}};
  jar.take_all(fields, at("https://example.org/"), now);
  EXPECT_EQ(jar.get("https://example.org/"), "a=1; b=2");
}

TEST(cookie_jar, gives_a_cookie_without_a_name_as_its_value) {
  jar jar;
  EXPECT_TRUE(jar.set("text; Path=/"));
  EXPECT_EQ(jar.get("https://www.example.org/"), "text");
}

TEST(cookie_jar, adds_what_is_whole) {
  jar jar;
  EXPECT_TRUE(jar.add({"a", "1", "example.org", false}));
  EXPECT_TRUE(jar.add({"b", "1", "co.uk", false}));
  EXPECT_FALSE(jar.add({"", "", "example.org"}));
  EXPECT_FALSE(jar.add({"a", "1", ""}));
  EXPECT_FALSE(jar.add({"a", "1", ".example.org"}));
  EXPECT_FALSE(jar.add({"a", "1; b=2", "example.org"}));
  EXPECT_FALSE(jar.add({"a", "1\r\n", "example.org"}));
  EXPECT_FALSE(jar.add({"a", "1", "example.org", true, ""}));
  EXPECT_EQ(jar.get("https://www.example.org/"), "a=1");
  EXPECT_EQ(jar.get("https://www.co.uk/"), "");
}

}  // namespace
