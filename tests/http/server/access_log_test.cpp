#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <http/server/answers.hpp>
#include <http/standard_output_in_a_pipe.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/access_log.hpp>
#include <hocket/http/server/authenticated_user.hpp>
#include <hocket/http/server/request_id.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::http::access_log;
using hocket::http::access_log_format;
using hocket::http::access_log_options;
using hocket::http::reply;
using hocket::http::request;
using hocket::testing::answer_to;
using hocket::testing::request_of;
using hocket::testing::running_server;

namespace {

const auto noon = +[] { return std::chrono::sys_seconds(784111777s); };

coro<reply> answer(request& asked) {
  if (asked.target() == "/named") asked.set(hocket::http::authenticated_user{"Ann \"A\" B"});
  if (asked.target() == "/id") asked.set(hocket::http::request_id{"id-1"});
  if (asked.target() == "/slow") co_await hocket::sleep(1500ms);
  co_return asked.target() == "/none" ? reply{.status = 204} : reply::text("four");
}

/// What is logged of a request.
coro<std::string> logged(std::string bytes, access_log_options options) {
  std::string lines;
  running_server server(answer, {.on_answered = access_log([&](std::string_view line) { lines += line; }, options)});
  co_await answer_to(server.address(), bytes);
  co_await server.stop();
  co_return lines;
}

const access_log_options common{.format = access_log_format::common, .wall_clock = noon};
const access_log_options combined{.wall_clock = noon};
const access_log_options json{.format = access_log_format::json, .wall_clock = noon};

HOCKET_TEST(access_log, has_the_common_format) {
  EXPECT_EQ(co_await logged(request_of("GET", "/a?b"), common),
            "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 200 4\n");
  EXPECT_EQ(co_await logged("HEAD /none HTTP/1.0\r\n\r\n", common),
            "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"HEAD /none HTTP/1.0\" 204 -\n");
}

HOCKET_TEST(access_log, has_the_combined_format) {
  EXPECT_EQ(co_await logged(request_of("GET", "/", "Referer: http://a/\r\nUser-Agent: b (c)\r\n"), combined),
            "127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET / HTTP/1.1\" 200 4 \"http://a/\" \"b (c)\"\n");
  EXPECT_TRUE((co_await logged(request_of("GET", "/"), combined)).ends_with(" 200 4 \"-\" \"-\"\n"));
}

HOCKET_TEST(access_log, has_a_json_format) {
  EXPECT_EQ(
      co_await logged(request_of("GET", "/slow", "User-Agent: b\r\n"), json),
      "{\"time\":\"1994-11-06T08:49:37Z\",\"peer\":\"127.0.0.1\",\"method\":\"GET\",\"scheme\":\"http\",\"host\":\"x\","
      "\"target\":\"/slow\",\"version\":\"HTTP/1.1\",\"status\":200,\"bytes\":4,\"seconds\":1.5,\"complete\":true,"
      "\"user_agent\":\"b\"}\n");
}

HOCKET_TEST(access_log, does_without_a_clock) {
  EXPECT_EQ(co_await logged(request_of("GET", "/"), {.format = access_log_format::common}),
            "127.0.0.1 - - [-] \"GET / HTTP/1.1\" 200 4\n");
  EXPECT_TRUE((co_await logged(request_of("GET", "/"), {.format = access_log_format::json})).starts_with("{\"peer\""));
}

HOCKET_TEST(access_log, tells_what_middlewares_have_found_out) {
  EXPECT_TRUE(
      (co_await logged(request_of("GET", "/named"), common)).starts_with("127.0.0.1 - Ann\\x20\\x22A\\x22\\x20B ["));
  EXPECT_TRUE((co_await logged(request_of("GET", "/named"), json)).contains(R"("user":"Ann \"A\" B")"));
  EXPECT_TRUE((co_await logged(request_of("GET", "/id"), json)).ends_with(",\"request_id\":\"id-1\"}\n"));
}

HOCKET_TEST(access_log, what_clients_choose_stays_where_it_is) {
  const std::string sent = request_of("GET", "/", "User-Agent: a\"b\\c\td\xc3\xa4\xff\r\nReferer: \" 200 1 \"\r\n");
  EXPECT_TRUE(
      (co_await logged(sent, combined)).ends_with(" \"\\x22 200 1 \\x22\" \"a\\x22b\\x5Cc\\x09d\\xC3\\xA4\\xFF\"\n"));
  EXPECT_TRUE((co_await logged(sent, json))
                  .ends_with(R"("user_agent":"a\"b\\c\td\u00e4\ufffd"})"
                             "\n"));
}

HOCKET_TEST(access_log, of_several_is_in_the_order_of_the_answers) {
  const std::string lines = co_await logged(request_of("GET", "/slow") + request_of("GET", "/b"), common);
  EXPECT_LT(lines.find("/slow"), lines.find("/b"));
  EXPECT_EQ(std::ranges::count(lines, '\n'), 2);
}

HOCKET_TEST(access_log, tells_of_clients_that_have_gone) {
  std::string lines;
  running_server server(answer, {.cancel_on_disconnect = true,
                                 .on_answered = access_log([&](std::string_view line) { lines += line; }, common)});
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all(request_of("GET", "/slow"));
  co_await hocket::testing::wait_all_tasks_blocked();
  client.close();
  while (lines.empty()) co_await hocket::sleep(1ms);
  EXPECT_TRUE(lines.ends_with("\"GET /slow HTTP/1.1\" 499 -\n")) << lines;
  co_await server.stop();
}

// ---- what the server itself refuses

const access_log_options undated{.format = access_log_format::common};

HOCKET_TEST(access_log, has_what_the_server_refuses_with_what_came_of_its_first_line) {
  for (const auto& [bytes, line] : std::vector<std::pair<std::string, std::string>>{
           {"GET /a?b HTTP/1.1\r\n\r\n", "\"GET /a?b HTTP/1.1\" 400"},
           {"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "\"GET /a HTTP/1.1\" 400"},
           {"GET /a HTTP/1.1\nHost: x\n\n", "\"GET /a HTTP/1.1\" 400"},
           {"BREW /tea HTTP/1.1\r\nHost: x\r\n\r\n", "\"BREW /tea HTTP/1.1\" 501"},
           {"GET /a HTTP/3.0\r\nHost: x\r\n\r\n", "\"GET /a HTTP/3.0\" 400"},
           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\"PRI * HTTP/2.0\" 505"},
           {"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "\"POST /a HTTP/1.1\" 501"},
           {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r\n\r\n", "\"POST /a HTTP/1.1\" 413"},
           {"GET /a HTTP/1.1\r\nHost: x\r\nA: " + std::string(9000, 'a') + "\r\n\r\n", "\"GET /a HTTP/1.1\" 431"},
           {"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: tea\r\n\r\n", "\"POST /a HTTP/1.1\" 417"},
           {"GET /a\r\n", "\"GET /a\" 400"},
           {"GET /a HTTP/1.1\r\nHos", "\"GET /a HTTP/1.1\" 400"},
           {"\x16\x03\x01\x02\"\xff", "\"\\x16\\x03\\x01\\x02\\x22\\xFF\" 400"}}) {
    const std::string logged_line = co_await logged(bytes, undated);
    EXPECT_TRUE(logged_line.starts_with("127.0.0.1 - - [-] " + line + " ")) << logged_line;
    EXPECT_EQ(std::ranges::count(logged_line, '\n'), 1) << bytes;
  }
}

HOCKET_TEST(access_log, has_no_more_of_a_first_line_than_a_line_may_have) {
  const std::string line =
      co_await logged("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", undated);
  EXPECT_EQ(line.substr(0, 25), "127.0.0.1 - - [-] \"GET /a");
  EXPECT_TRUE(line.contains("aaa\" 414 ")) << line.substr(line.size() - 100);
  EXPECT_LT(line.size(), 8 * 1024U + 100);
}

HOCKET_TEST(access_log, has_a_head_that_came_too_slowly) {
  std::string lines;
  running_server server(answer, {.on_answered = access_log([&](std::string_view line) { lines += line; }, undated)});
  auto client = co_await hocket::tcp_socket::connect(server.address());
  co_await client.send_all("GET /a HT");
  co_await hocket::sleep(11s);
  EXPECT_TRUE(lines.starts_with("127.0.0.1 - - [-] \"GET /a HT\" 408 ")) << lines;
  co_await server.stop();
}

HOCKET_TEST(access_log, of_what_is_refused_has_nothing_of_the_request_before) {
  const std::string lines =
      co_await logged(request_of("GET", "/named", "User-Agent: before\r\n") + "GET / HTTP/1.1\r\n\r\n", {});
  EXPECT_TRUE(lines.contains("\n127.0.0.1 - - [-] \"GET / HTTP/1.1\" 400 ")) << lines;
  EXPECT_TRUE(lines.ends_with(" \"-\" \"-\"\n")) << lines;
}

HOCKET_TEST(access_log, says_in_json_why_the_server_refused) {
  EXPECT_EQ(co_await logged("GET /\xff HTTP/1.1\r\n\r\n", {.format = access_log_format::json}),
            "{\"peer\":\"127.0.0.1\",\"request_line\":\"GET /\\ufffd HTTP/1.1\",\"refused_for\":\"bad request: "
            "malformed target\","
            "\"status\":400,\"bytes\":30,\"seconds\":0.0,\"complete\":true}\n");
}

HOCKET_TEST(access_log, to_a_standard_output_that_takes_nothing_holds_up_no_request) {
  hocket::testing::standard_output_in_a_pipe pipe;
  const std::size_t full = pipe.fill();
  running_server server(answer, {.on_answered = hocket::http::access_log_to_stdout(common)});
  const std::string long_target = "/" + std::string(7000, 'x');
  for (int n = 0; n < 3; ++n)
    EXPECT_TRUE((co_await answer_to(server.address(), request_of("GET", long_target))).ends_with("four"));
  std::string taken;
  while (std::ranges::count(taken, '\n') < 3) taken += (co_await pipe.reader.receive()).text();
  EXPECT_TRUE(taken.substr(full).starts_with("127.0.0.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /xxx"));
  co_await server.stop();
}

}  // namespace
