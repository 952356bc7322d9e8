#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>

#include <hocket/http/cookies/cookies_txt.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono;
using hocket::coro;
using hocket::url;
using hocket::http::cookie_jar;
using hocket::http::format_cookies_txt;
using hocket::http::load_cookies;
using hocket::http::parse_cookies_txt;
using hocket::http::save_cookies;
using hocket::testing::content_of;
using hocket::testing::temporary_directory;
using hocket::testing::what_is_thrown;

namespace {

constexpr sys_seconds now{seconds{1'700'000'000}};

std::string lines_of(const cookie_jar& jar, bool session_cookies = false) {
  const std::string text = format_cookies_txt(jar, now, {session_cookies});
  return text.substr(text.find("\n\n") + 2);
}

constexpr std::string_view of_curl =
    "# Netscape HTTP Cookie File\n"
    "# https://curl.se/docs/http-cookies.html\n"
    "\n"
    "example.org\tFALSE\t/\tFALSE\t1700000100\ta\t1\n"
    "#HttpOnly_.example.org\tTRUE\t/docs\tTRUE\t1700000200\tb\tx\ty\n"
    "example.org\tFALSE\t/\tFALSE\t1700000100\tempty\t\n";

TEST(cookies_txt, is_written_as_it_is_read) {
  cookie_jar jar;
  EXPECT_EQ(parse_cookies_txt(of_curl, jar, now), 0U);
  EXPECT_EQ(lines_of(jar), of_curl.substr(of_curl.find("\n\n") + 2));
  EXPECT_EQ(jar.header_for(url::parse("https://www.example.org/docs/").value(), now), "b=x\ty");
  EXPECT_EQ(jar.header_for(url::parse("http://example.org/docs/").value(), now), "a=1; empty=");
}

TEST(cookies_txt, takes_the_line_ends_of_others_and_values_left_out) {
  cookie_jar jar;
  EXPECT_EQ(
      parse_cookies_txt("Example.org\ttrue\t/\tfalse\t0\ta\t1\r\n\r\n  \nexample.org\tFALSE\t/\tFALSE\t0\tb", jar, now),
      0U);
  EXPECT_EQ(lines_of(jar, true), ".example.org\tTRUE\t/\tFALSE\t0\ta\t1\nexample.org\tFALSE\t/\tFALSE\t0\tb\t\n");
}

TEST(cookies_txt, leaves_out_what_is_gone_with_the_session_unless_asked) {
  cookie_jar jar;
  EXPECT_EQ(parse_cookies_txt("example.org\tFALSE\t/\tFALSE\t0\ta\t1\n", jar, now), 0U);
  EXPECT_EQ(lines_of(jar), "");
  EXPECT_EQ(lines_of(jar, true), "example.org\tFALSE\t/\tFALSE\t0\ta\t1\n");
}

TEST(cookies_txt, leaves_out_what_has_expired) {
  cookie_jar jar;
  EXPECT_EQ(parse_cookies_txt("example.org\tFALSE\t/\tFALSE\t1700000000\ta\t1\n", jar, now), 0U);
  EXPECT_EQ(jar.size(), 0U);
  EXPECT_EQ(parse_cookies_txt("example.org\tFALSE\t/\tFALSE\t1700000001\ta\t1\n", jar, now - 10s), 0U);
  EXPECT_EQ(format_cookies_txt(jar, now + 1s).find("example.org"), std::string::npos);
}

TEST(cookies_txt, passes_over_lines_that_are_no_cookies) {
  cookie_jar jar;
  EXPECT_EQ(parse_cookies_txt("nonsense\n"
                              "example.org\tFALSE\t/\tFALSE\n"
                              "example.org\tMAYBE\t/\tFALSE\t0\ta\t1\n"
                              "example.org\tFALSE\t/\tFALSE\tsoon\ta\t1\n"
                              "example.org\tFALSE\t/\tFALSE\t99999999999999999999\ta\t1\n"
                              "example.org\tFALSE\tdocs\tFALSE\t0\ta\t1\n"
                              "example.org\tFALSE\t/\tFALSE\t0\ta\tb;c\n"
                              "\tFALSE\t/\tFALSE\t0\ta\t1\n"
                              "example.org\tFALSE\t/\tFALSE\t0\tgood\t1\n",
                              jar, now),
            8U);
  EXPECT_EQ(jar.size(), 1U);
}

// One for a public suffix would be written for that host alone, and such a line is a comment.
TEST(cookies_txt, takes_no_domain_that_would_be_written_as_a_comment) {
  cookie_jar jar;
  EXPECT_EQ(
      parse_cookies_txt(".#example\tTRUE\t/\tTRUE\t0\ta\t1\n#HttpOnly_#b.example\tFALSE\t/\tTRUE\t0\ta\t1\n", jar, now),
      2U);
  EXPECT_EQ(jar.size(), 0U);
}

TEST(cookies_txt, takes_an_expiry_beyond_any_clock) {
  cookie_jar jar;
  EXPECT_EQ(parse_cookies_txt("example.org\tFALSE\t/\tFALSE\t9223372036854775807\ta\t1\n", jar, now), 0U);
  EXPECT_EQ(jar.header_for(url::parse("http://example.org/").value(), now + years(1000)), "a=1");
}

TEST(cookies_txt, leaves_out_what_it_cannot_hold) {
  cookie_jar jar;
  EXPECT_TRUE(jar.take("a\tb=1; Max-Age=9", url::parse("http://example.org/").value(), now));
  EXPECT_EQ(lines_of(jar), "");
}

HOCKET_TEST(cookies_txt, is_kept_in_a_file_for_its_owner_only) {
  const temporary_directory folder;
  cookie_jar jar;
  parse_cookies_txt(of_curl, jar, now);
  co_await save_cookies(folder / "cookies.txt", jar, now);
  EXPECT_EQ(std::filesystem::status(folder / "cookies.txt").permissions(), std::filesystem::perms(0600));
  EXPECT_EQ(content_of(folder / "cookies.txt"), format_cookies_txt(jar, now));
  cookie_jar other;
  EXPECT_EQ(co_await load_cookies(folder / "cookies.txt", other, now), 0U);
  EXPECT_EQ(lines_of(other), lines_of(jar));
}

HOCKET_TEST(cookies_txt, that_is_not_there_is_an_error_that_names_it) {
  cookie_jar jar;
  EXPECT_EQ(co_await what_is_thrown(load_cookies("/nowhere/cookies.txt", jar, now)),
            "cannot open '/nowhere/cookies.txt': No such file or directory");
}

coro<void> save_and_load(std::string path) {
  cookie_jar jar;
  parse_cookies_txt(of_curl, jar, now);
  co_await save_cookies(path, jar, now);
  cookie_jar other;
  co_await load_cookies(path, other, now);
}

/// All that is in the folder.
std::vector<std::string> names_in(const temporary_directory& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  return names;
}

TEST(cookies_txt, cancelled_anywhere_is_as_it_was_or_as_it_shall_be) {
  const temporary_directory folder;
  const auto report = hocket::testing::cancel_at_every_suspension([&]() -> coro<void> {
    hocket::testing::write_file(folder / "cookies.txt", "old");
    co_await save_and_load(folder / "cookies.txt");
  });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_EQ(report.runs, report.cancelled + 1);
  EXPECT_GT(report.runs, 3U);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"cookies.txt"});
}

TEST(cookies_txt, of_which_anything_fails_leaves_nothing_behind) {
  const temporary_directory folder;
  const auto report =
      hocket::testing::fail_each_operation([&]() -> coro<void> { co_await save_and_load(folder / "cookies.txt"); });
  EXPECT_EQ(report.leaked_blocks, 0U);
  EXPECT_GT(report.failed, 10U);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"cookies.txt"});
}

}  // namespace
