#include <string>

#include <http/server/answers.hpp>

#include <hocket/http/server/virtual_hosts.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::handler;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::virtual_hosts;
using hocket::testing::answer_to;
using hocket::testing::body_of;
using hocket::testing::running_server;
using hocket::testing::statuses;

namespace {

handler saying(std::string text) {
  return [text = std::move(text)](request&) -> coro<reply> { co_return reply::text(text); };
}

virtual_hosts sites() {
  virtual_hosts made;
  for (const char* host : {"example.org", "*.example.org", "*.b.example.org", "a.b.example.org", "[::1]", "localhost"})
    made.add(host, saying(host));
  return made;
}

coro<std::string> ask(running_server& server, std::string host) {
  const std::string answer =
      co_await answer_to(server.address(), fmt::format("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", host));
  co_return statuses(answer) == "200" ? std::string(body_of(answer)) : statuses(answer);
}

HOCKET_TEST(virtual_hosts, choose_by_the_host) {
  running_server server(sites());
  EXPECT_EQ(co_await ask(server, "example.org"), "example.org");
  EXPECT_EQ(co_await ask(server, "EXAMPLE.org.:8080"), "example.org");
  EXPECT_EQ(co_await ask(server, "localhost:1"), "localhost");
  EXPECT_EQ(co_await ask(server, "[::1]"), "[::1]");
  EXPECT_EQ(co_await ask(server, "[::1]:80"), "[::1]");
  co_await server.stop();
}

HOCKET_TEST(virtual_hosts, the_longest_wildcard_counts) {
  running_server server(sites());
  EXPECT_EQ(co_await ask(server, "x.example.org"), "*.example.org");
  EXPECT_EQ(co_await ask(server, "x.y.example.org"), "*.example.org");
  EXPECT_EQ(co_await ask(server, "b.example.org"), "*.example.org");
  EXPECT_EQ(co_await ask(server, "x.b.example.org"), "*.b.example.org");
  EXPECT_EQ(co_await ask(server, "a.b.example.org"), "a.b.example.org");
  co_await server.stop();
}

HOCKET_TEST(virtual_hosts, others_are_misdirected) {
  running_server server(sites());
  for (const char* host : {"", "example.com", "xexample.org", ".example.org", "org", "[::2]", "example.org.evil.org"})
    EXPECT_EQ(co_await ask(server, host), "421") << host;
  EXPECT_EQ(statuses(co_await answer_to(server.address(), "GET / HTTP/1.0\r\n\r\n")), "421");
  co_await server.stop();
}

HOCKET_TEST(virtual_hosts, may_have_a_default) {
  virtual_hosts made = sites();
  made.otherwise(saying("default"));
  running_server server(std::move(made));
  EXPECT_EQ(co_await ask(server, "example.com"), "default");
  EXPECT_EQ(co_await ask(server, "example.org"), "example.org");
  co_await server.stop();
}

HOCKET_TEST(virtual_hosts, an_absolute_target_counts_rather_than_host) {
  running_server server(sites());
  const std::string answer =
      co_await answer_to(server.address(), "GET http://localhost/ HTTP/1.1\r\nHost: example.org\r\n\r\n");
  EXPECT_EQ(body_of(answer), "localhost");
  co_await server.stop();
}

TEST(virtual_hosts, refuse_what_is_no_host) {
  virtual_hosts made = sites();
  for (const char* host :
       {"", "*", "*.", "a.*.b", "**.a", "a:80", "[::1]:80", "example.org", "Example.org.", "*.example.org"})
    EXPECT_THROW(made.add(host, saying("")), hocket::error) << host;
}

}  // namespace
