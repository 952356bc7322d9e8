// Fields behind a body, of requests and replies, over both versions of HTTP.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <http/both_versions.hpp>
#include <http/client/client_peer.hpp>
#include <http/h2_client.hpp>
#include <http/h2_server.hpp>
#include <http/running_server.hpp>
#include <http/scripted_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/http/client/session.hpp>
#include <hocket/http/server/compression.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

namespace h2 = hocket::testing::h2;
namespace http = hocket::http;
using hocket::as_result;
using hocket::coro;
using hocket::testing::answer_to;
using hocket::testing::both_versions;
using hocket::testing::failure_of;
using hocket::testing::h2_client;
using hocket::testing::http_version;
using hocket::testing::name_of;
using hocket::testing::running_server;
using hocket::testing::scripted_server;
using hocket::testing::speaking_both;
using hocket::testing::speaking_only;
using http::body;
using http::body_writer;
using http::reply;
using http::request;
using http::session;

namespace {

std::string text_of(const http::headers& fields) {
  std::string text;
  for (const auto& [name, value] : fields) text += fmt::format("{}={};", name, value);
  return text;
}

coro<void> write_summed(body_writer& to) {
  co_await to.write("one ");
  co_await to.write("two");
  to.add_trailer("x-sum", "7");
  to.add_trailer("x-how", "well");
}

coro<reply> give_summed(request&) { co_return reply::stream("text/plain", write_summed); }

/// Gives the body that came and what stood behind it.
coro<reply> show_request(request& asked) {
  const std::string before = text_of(asked.trailers());
  const std::string content = co_await asked.read();
  co_return reply::text(before + content + "|" + text_of(asked.trailers()));
}

HOCKET_TEST(trailers, of_a_reply_are_there_when_its_body_has_ended) {
  running_server server(give_summed, speaking_both());
  for (const http_version version : both_versions) {
    session web(speaking_only(version));
    http::response answer = co_await web.get(server.url());
    EXPECT_EQ(answer.version(), name_of(version));
    EXPECT_EQ(text_of(answer.trailers()), "");
    EXPECT_EQ(co_await answer.read(), "one two");
    EXPECT_EQ(text_of(answer.trailers()), "x-sum=7;x-how=well;");
    EXPECT_FALSE(answer.headers().contains("x-sum"));
    http::response next = co_await web.get(server.url());
    EXPECT_EQ(text_of(next.trailers()), "") << "they are those of the one before";
    co_await next.drain();
  }
  co_await server.stop();
}

HOCKET_TEST(trailers, of_a_request_are_there_when_its_body_has_ended) {
  running_server server(show_request, speaking_both());
  for (const http_version version : both_versions) {
    session web(speaking_only(version));
    http::response answer = co_await web.post(server.url(), {.body = body::stream(write_summed)});
    EXPECT_EQ(co_await answer.read(), "one two|x-sum=7;x-how=well;") << name_of(version);
    http::response plain = co_await web.post(server.url(), {.body = "text"});
    EXPECT_EQ(co_await plain.read(), "text|") << name_of(version);
  }
  co_await server.stop();
}

HOCKET_TEST(trailers, go_behind_a_body_of_no_bytes) {
  running_server server(
      [](request& asked) -> coro<reply> {
        const std::string came = co_await asked.read() + text_of(asked.trailers());
        co_return reply::stream("text/plain", [came](body_writer& to) -> coro<void> {
          to.add_trailer("x-came", came);
          co_return;
        });
      },
      speaking_both());
  for (const http_version version : both_versions) {
    session web(speaking_only(version));
    http::response answer = co_await web.post(server.url(), {.body = body::stream([](body_writer& to) -> coro<void> {
                                                               to.add_trailer("x-sum", "0");
                                                               co_return;
                                                             })});
    EXPECT_EQ(co_await answer.read(), "");
    EXPECT_EQ(text_of(answer.trailers()), "x-came=x-sum=0;;") << name_of(version);
  }
  co_await server.stop();
}

HOCKET_TEST(trailers, come_through_a_coding) {
  http::router routes;
  routes.use(http::compression({.least_bytes = 1}));
  routes.get("/", give_summed);
  running_server server(std::move(routes), speaking_both());
  for (const http_version version : both_versions) {
    session web(speaking_only(version));
    http::response answer = co_await web.get(server.url());
    EXPECT_TRUE(answer.headers().contains("Content-Encoding"));
    EXPECT_EQ(co_await answer.read(), "one two");
    EXPECT_EQ(text_of(answer.trailers()), "x-sum=7;x-how=well;") << name_of(version);
  }
  co_await server.stop();
}

HOCKET_TEST(trailers, are_refused_where_they_cannot_be_or_may_not_be) {
  std::string problems;
  const auto add = [&problems](body_writer& to, std::string_view name, std::string_view value) {
    try {
      to.add_trailer(name, value);
    } catch (const hocket::error& problem) {
      problems += fmt::format("{}\n", problem.what());
    }
  };
  running_server server(
      [&](request& asked) -> coro<reply> {
        const auto produce = [&](body_writer& to) -> coro<void> {
          co_await to.write("abc");
          for (const char* name : {"Content-Length", "transfer-encoding", "Set-Cookie", "no name"}) add(to, name, "1");
          add(to, "x-y", "a\r\nb");
        };
        if (asked.path() == "/streamed") co_return reply::stream("text/plain", produce);
        co_return reply{.body = body::stream(
                            [&](body_writer& to) -> coro<void> {
                              co_await to.write("abc");
                              add(to, "x-sum", "1");
                            },
                            3)};
      },
      speaking_both());
  for (const http_version version : both_versions) {
    session web(speaking_only(version));
    for (const char* path : {"/streamed", "/measured"}) {
      http::response answer = co_await web.get(std::string_view(server.url(path)));
      EXPECT_EQ(co_await answer.read(), "abc");
      EXPECT_EQ(text_of(answer.trailers()), "");
    }
    EXPECT_TRUE(
        problems.starts_with("Content-Length cannot stand behind a body\n"
                             "transfer-encoding cannot stand behind a body\n"
                             "Set-Cookie cannot stand behind a body\n"))
        << problems;
    EXPECT_TRUE(problems.ends_with("a body whose length was announced has no trailers\n")) << problems;
    EXPECT_EQ(std::ranges::count(problems, '\n'), 6) << problems;
    problems.clear();
  }
  co_await server.stop();
}

HOCKET_TEST(trailers, that_sum_what_was_written_do_not_go_behind_its_coding) {
  http::router routes;
  routes.use(http::compression({.least_bytes = 1}));
  routes.get("/", [](request&) -> coro<reply> {
    co_return reply::stream("text/plain", [](body_writer& to) -> coro<void> {
      co_await to.write("one two");
      to.add_trailer("content-digest", "sha-256=:AAAA:");
      to.add_trailer("Repr-Digest", "sha-256=:AAAA:");
      to.add_trailer("Digest", "sha-256=AAAA");
      to.add_trailer("x-sum", "7");
    });
  });
  running_server server(std::move(routes), speaking_both());
  session web;
  http::response answer = co_await web.get(server.url());
  EXPECT_EQ(co_await answer.read(), "one two");
  EXPECT_EQ(text_of(answer.trailers()), "x-sum=7;");
  http::request_options uncoded;
  uncoded.fields.add("Accept-Encoding", "identity");
  http::response plain = co_await web.get(std::string_view(server.url()), std::move(uncoded));
  co_await plain.drain();
  EXPECT_TRUE(plain.trailers().contains("Content-Digest"));
  co_await server.stop();
}

HOCKET_TEST(trailers, that_would_have_to_come_first_are_dropped) {
  running_server server(show_request, speaking_both());
  std::string old =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\nx-a: 1\r\n";
  std::string block = h2::field("x-a", "1");
  for (const char* name : {"authorization", "cookie", "date", "forwarded", "host", "if-match", "pragma"}) {
    old += fmt::format("{}: 1\r\n", name);
    block += h2::field(name, "1");
  }
  const std::string one = co_await answer_to(server.address(), old + "x-b: 2\r\n\r\n");
  EXPECT_TRUE(one.ends_with("\r\n\r\n|x-a=1;x-b=2;")) << one;
  auto client = co_await h2_client::connect(server.address());
  const auto two = co_await client.ask(
      1, h2::post(1, "/") + h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, block + h2::field("x-b", "2")));
  EXPECT_EQ(two.body, "|x-a=1;x-b=2;");
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(trailers, that_are_malformed_reset_their_stream) {
  running_server server(show_request, speaking_both());
  const std::vector<std::pair<int, std::string>> malformed{
      {h2::end_headers | h2::end_stream, h2::field(":path", "/other")},
      {h2::end_headers | h2::end_stream, h2::field(":status", "200")},
      {h2::end_headers | h2::end_stream, h2::field("X-Sum", "1")},
      {h2::end_headers, h2::field("x-sum", "1")},
  };
  auto client = co_await h2_client::connect(server.address());
  std::uint32_t id = 1;
  for (const auto& [flags, block] : malformed) {
    const auto answer = co_await client.ask(
        id, h2::post(id, "/") + h2::body(id, "text", false) + h2::frame(h2::headers, flags, id, block));
    EXPECT_EQ(answer.reset, h2::protocol_error) << id;
    EXPECT_EQ(answer.status, 0);
    id += 2;
  }
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(trailers, are_not_there_before_the_body_has_given_its_end) {
  std::string early;
  running_server server(
      [&early](request& asked) -> coro<reply> {
        co_await hocket::testing::wait_all_tasks_blocked();
        static_cast<void>(co_await asked.next());
        early = text_of(asked.trailers());
        while (!(co_await asked.next()).empty()) {
        }
        co_return reply::text(text_of(asked.trailers()));
      },
      speaking_both());
  auto client = co_await h2_client::connect(server.address());
  const auto answer =
      co_await client.ask(1, h2::post(1, "/") + h2::body(1, "text", false) +
                                 h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1, h2::field("x-sum", "1")));
  EXPECT_EQ(early, "");
  EXPECT_EQ(answer.body, "x-sum=1;");
  co_await server.stop();
}

HOCKET_TEST(trailers, are_none_of_those_of_http_1_0) {
  running_server server(give_summed);
  const std::string answer = co_await answer_to(server.address(), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\none two")) << answer;
  co_await server.stop();
}

HOCKET_TEST(trailers, are_written_as_the_versions_have_them) {
  running_server server(give_summed, speaking_both());
  const std::string old =
      co_await answer_to(server.address(), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n3\r\ntwo\r\n0\r\nx-sum: 7\r\nx-how: well\r\n\r\n")) << old;
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, h2::get(1, "/"));
  EXPECT_EQ(answer.body, "one two");
  EXPECT_EQ(answer.fields.at("x-sum"), "7");
  EXPECT_FALSE(answer.reset);
  co_await server.stop();
}

// A request whose body was not read to its end is reset behind its reply (RFC 9113, 8.1): but behind the trailers.
HOCKET_TEST(trailers, of_a_reply_go_before_the_reset_of_an_unread_request) {
  running_server server(give_summed, speaking_both());
  auto client = co_await h2_client::connect(server.address());
  const auto answer = co_await client.ask(1, h2::post(1, "/") + h2::body(1, "unread", false));
  EXPECT_EQ(answer.fields.at("x-sum"), "7");
  co_await server.stop();
}

HOCKET_TEST(trailers, wait_for_a_client_that_takes_nothing) {
  running_server server(
      [](request&) -> coro<reply> {
        co_return reply::stream("text/plain", [](body_writer& to) -> coro<void> {
          co_await to.write(std::string(70'000, 'x'));
          to.add_trailer("x-sum", "1");
        });
      },
      speaking_both());
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(h2::get(1, "/"));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(server.server.requests(), 0U);
  const auto answer = co_await client.ask(1, h2::window(0, 100'000) + h2::window(1, 100'000));
  EXPECT_EQ(answer.body.size(), 70'000U);
  EXPECT_EQ(answer.fields.at("x-sum"), "1");
  co_await server.stop();
}

std::string request_with_trailers(std::size_t count, std::size_t size) {
  std::string bytes = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n";
  for (std::size_t n = 0; n < count; ++n) bytes += fmt::format("x{}: {}\r\n", n, std::string(size, 'v'));
  return bytes + "\r\n";
}

std::string request_with_trailers_2(std::size_t count, std::size_t size) {
  std::string block;
  for (std::size_t n = 0; n < count; ++n) block += h2::field(fmt::format("x{}", n), std::string(size, 'v'));
  std::string bytes = h2::post(1, "/") + h2::frame(h2::headers, h2::end_stream, 1, block.substr(0, 16'000));
  for (std::size_t at = 16'000; at < block.size(); at += 16'000)
    bytes += h2::frame(h2::continuation, h2::none, 1, block.substr(at, 16'000));
  return bytes + h2::frame(h2::continuation, h2::end_headers, 1, "");
}

HOCKET_TEST(trailers, of_requests_have_the_limits_of_heads) {
  running_server server(show_request, speaking_both());
  struct shape {
    std::size_t count;
    std::size_t size;
    int status;
  };
  for (const auto& [count, size, status] : {shape{100, 10, 200}, shape{101, 10, 431}, shape{2, 9'000, 431}}) {
    const std::string old = co_await answer_to(server.address(), request_with_trailers(count, size));
    EXPECT_EQ(hocket::testing::statuses(old), std::to_string(status)) << count << " " << size;
    auto client = co_await h2_client::connect(server.address());
    const auto answer = co_await client.ask(1, request_with_trailers_2(count, size));
    EXPECT_EQ(answer.status, status) << count << " " << size;
    client.stream().abort();
  }
  co_await server.stop();
}

HOCKET_TEST(trailers, of_answers_have_the_limits_of_heads) {
  for (const std::size_t count : {256U, 257U}) {
    std::string old = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    std::string block;
    for (std::size_t n = 0; n < count; ++n) {
      old += fmt::format("x{}: v\r\n", n);
      block += h2::field(fmt::format("x{}", n), "v");
    }
    const auto read = [](session& web, std::string url) -> coro<std::string> {
      http::response answer = co_await web.get(std::string_view(url));
      static_cast<void>(co_await answer.read());
      co_return std::to_string(answer.trailers().size());
    };
    scripted_server one(hocket::testing::answering_once_with(old + "\r\n"));
    session web;
    const auto of_one = co_await as_result(read(web, one.url()));
    EXPECT_EQ(of_one.has_value(), count == 256);
    scripted_server two(
        hocket::testing::speaking_http2([block](hocket::testing::h2_server& peer, std::size_t) -> coro<void> {
          const auto id = co_await peer.request();
          co_await peer.send(h2::answer_head(id, "200") +
                             h2::frame(h2::headers, h2::end_headers | h2::end_stream, id, block));
          static_cast<void>(co_await peer.next(h2::goaway));
        }));
    session speaking(speaking_only(http_version::two));
    const auto of_two = co_await as_result(read(speaking, two.url()));
    EXPECT_EQ(of_two.has_value(), count == 256);
  }
}

TEST(trailers, cancelled_anywhere_leave_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    for (const http_version version : both_versions) {
      const auto report = hocket::testing::cancel_at_every_suspension(
          [version]() -> coro<void> {
            running_server server(
                [](request& asked) -> coro<reply> {
                  http::headers hints{{"Link", "</a>"}};
                  co_await asked.send_early_hints(std::move(hints));
                  static_cast<void>(co_await asked.read());
                  co_return reply::stream("text/plain", write_summed);
                },
                speaking_both());
            const auto use = [](running_server& server, http_version version) -> coro<void> {
              session web(speaking_only(version));
              http::response answer = co_await web.post(server.url(), {.body = body::stream(write_summed)});
              EXPECT_EQ(co_await answer.read(), "one two");
              EXPECT_EQ(text_of(answer.trailers()), "x-sum=7;x-how=well;");
            };
            const auto outcome = co_await as_result(use(server, version));
            co_await server.stop();
            if (!outcome) std::rethrow_exception(outcome.error());
          },
          {.backend = backend});
      EXPECT_EQ(report.leaked_blocks, 0U) << name_of(version) << ": " << report.to_string();
      EXPECT_GT(report.cancelled, 4U);
    }
  }
}

}  // namespace
