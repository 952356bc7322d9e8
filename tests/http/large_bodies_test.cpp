// Bodies that are sent in parts of 256 KiB, by the server and by the client: through buffers that take a little at a time, and to
// peers that go in the midst of a part, or between two.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <http/client/client_peer.hpp>
#include <http/server/answers.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::http::body;
using hocket::http::body_writer;
using hocket::http::reply;
using hocket::http::request;
using hocket::testing::whole_body_of;

namespace {

constexpr std::size_t part = 256 * 1024;
/// At the edges of parts, and in between.
constexpr std::size_t sizes[] = {part - 1, part, part + 1, 2 * part, 2 * part + 77, 5 * part + 1};

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size; ++at) text[at] = static_cast<char>('a' + at % 23 + at / part % 3);
  return text;
}

/// All the ways in which a server sends a text.
enum class way { borrowed, streamed, streamed_with_length, from_file };
constexpr way ways[] = {way::borrowed, way::streamed, way::streamed_with_length, way::from_file};

coro<body> body_by(way how, const std::string& text, const std::string& path) {
  auto write = [&text](body_writer& out) -> coro<void> { co_await out.write(text); };
  if (how == way::borrowed) co_return body::borrow(text);
  if (how == way::streamed) co_return body::stream(write);
  if (how == way::streamed_with_length) co_return body::stream(write, text.size());
  co_return body::of_file(co_await hocket::file::open(path), 0, text.size());
}

struct answered_connection {
  std::string received;
  hocket::http::answered how{};
};

/// What arrives of an answer through that connection.
coro<answered_connection> answer_through(way how, const std::string& text, const std::string& path,
                                         hocket::testing::memory_stream_options wire) {
  answered_connection seen;
  hocket::http::server server(
      [&](request&) -> coro<reply> { co_return reply{.body = co_await body_by(how, text, path)}; },
      {.on_answered = [&seen](const request&, const hocket::http::answered& told) { seen.how = told; }});
  auto [client, peer] = hocket::testing::memory_streams(std::move(wire));
  auto serving = create_task(server.serve_connection(std::move(peer)));
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  for (;;) {
    const auto piece = co_await hocket::as_expected(client.receive());
    if (!piece || !*piece) break;
    seen.received += piece->text();
  }
  client.abort();
  static_cast<void>(co_await hocket::as_result(std::move(serving)));
  co_return seen;
}

// A client that takes nothing for too long, and then reads on, would take another reply for a part of the first.
HOCKET_TEST(large_bodies, a_reply_whose_beginning_was_not_taken_in_time_is_followed_by_nothing) {
  const std::string text = text_of(2 * part);
  for (const way how : {way::streamed, way::streamed_with_length}) {
    hocket::http::server server(
        [&](request&) -> coro<reply> { co_return reply{.body = co_await body_by(how, text, "")}; },
        {.grace = 5s, .min_rate = 1'000'000'000});
    auto [client, peer] = hocket::testing::memory_streams({.to_client = {.capacity = 1000}});
    auto serving = create_task(server.serve_connection(std::move(peer)));
    co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    co_await hocket::sleep(6s);
    std::string received;
    for (;;) {
      const auto piece = co_await hocket::as_expected(client.receive());
      if (!piece || !*piece) break;
      received += piece->text();
    }
    EXPECT_TRUE(received.starts_with("HTTP/1.1 200")) << received.substr(0, 100);
    EXPECT_EQ(received.find("HTTP/1.1 500"), std::string::npos);
    client.abort();
    static_cast<void>(co_await hocket::as_result(std::move(serving)));
  }
}

HOCKET_TEST(large_bodies, of_replies_arrive_through_small_buffers) {
  const hocket::testing::temporary_directory folder;
  for (const std::size_t size : sizes) {
    const std::string text = text_of(size);
    hocket::testing::write_file(folder / "file", text);
    for (const way how : ways) {
      for (const std::size_t capacity : {std::size_t{1000}, part - 1, part + 40}) {
        const auto seen = co_await answer_through(how, text, folder / "file", {.to_client = {.capacity = capacity}});
        EXPECT_TRUE(whole_body_of(seen.received) == text) << size << ' ' << static_cast<int>(how) << ' ' << capacity;
        EXPECT_EQ(seen.how.body_bytes, size);
        EXPECT_TRUE(seen.how.complete);
      }
    }
  }
}

HOCKET_TEST(large_bodies, of_replies_end_where_the_client_goes) {
  const hocket::testing::temporary_directory folder;
  const std::string text = text_of(5 * part);
  hocket::testing::write_file(folder / "file", text);
  for (const way how : ways) {
    for (const std::size_t at : {std::size_t{10}, std::size_t{5000}, part / 2, part, 2 * part + 200, 4 * part + 1}) {
      const auto seen =
          co_await answer_through(how, text, folder / "file", {.to_client = {.capacity = 4096, .reset_after = at}});
      EXPECT_LE(seen.received.size(), at);
      EXPECT_FALSE(seen.how.complete) << at;
      EXPECT_LE(seen.how.body_bytes, at);
      if (at > part + 1000) EXPECT_GE(seen.how.body_bytes, part) << at << ' ' << static_cast<int>(how);
    }
  }
}

/// A client that takes a part slowly is dropped, whatever the parts before it were.
HOCKET_TEST(large_bodies, of_replies_end_where_the_client_takes_nothing_more) {
  const std::string text = text_of(5 * part);
  std::optional<hocket::http::answered> told;
  hocket::http::server server([&](request&) -> coro<reply> { co_return reply{.body = body::borrow(text)}; },
                              {.on_answered = [&told](const request&, const auto& how) { told = how; }});
  auto [client, peer] = hocket::testing::memory_streams({.to_client = {.capacity = 4096}});
  auto serving = create_task(server.serve_connection(std::move(peer)));
  co_await client.send_all("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  for (std::size_t received = 0; received < 2 * part;) received += (co_await client.receive()).text().size();
  co_await hocket::sleep(10min);
  EXPECT_TRUE(told && !told->complete);
  EXPECT_EQ(server.connections(), 0U);
  static_cast<void>(co_await hocket::as_result(std::move(serving)));
}

HOCKET_TEST(large_bodies, of_requests_arrive_whole) {
  const hocket::testing::temporary_directory folder;
  hocket::testing::seen_request seen;
  hocket::testing::scripted_server server(hocket::testing::answering_messages([&seen](const auto& asked) {
    seen = asked;
    return hocket::testing::response_text(200, "");
  }));
  hocket::http::session web;
  for (const std::size_t size : sizes) {
    const std::string text = text_of(size);
    hocket::testing::write_file(folder / "file", text);
    for (const way how : ways) {
      co_await hocket::testing::ask(web, "POST", server.url(), {.body = co_await body_by(how, text, folder / "file")});
      EXPECT_TRUE(seen.body == text) << size << ' ' << static_cast<int>(how);
    }
  }
  EXPECT_EQ(server.connections(), 1U);
}

HOCKET_TEST(large_bodies, of_requests_end_where_the_server_goes) {
  const hocket::testing::temporary_directory folder;
  const std::string text = text_of(40 * part);  // more than the system keeps
  hocket::testing::write_file(folder / "file", text);
  for (const way how : ways) {
    for (const std::size_t at : {std::size_t{10}, part, 2 * part + 200}) {
      hocket::testing::scripted_server server([at](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
        for (std::size_t received = 0; received < at;) received += (co_await peer.receive()).text().size();
      });
      hocket::http::session web;
      const auto answer =
          co_await hocket::as_result(web.post(server.url(), {.body = co_await body_by(how, text, folder / "file")}));
      EXPECT_FALSE(answer) << at << ' ' << static_cast<int>(how);
      EXPECT_EQ(server.connections(), 1U);
    }
  }
}

}  // namespace
