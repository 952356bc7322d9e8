// The two ends of a websocket over streams in memory: with each other, and with a peer that sends what bytes it likes.

#include <exception>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <http/websocket/frames.hpp>
#include <http/websocket/sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_result;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::gather;
using hocket::wait_for;
using hocket::http::websocket;
using hocket::http::websocket_closed;
using hocket::http::websocket_message;
using hocket::http::websocket_options;
using hocket::http::websocket_role;
using hocket::http::websocket_writer;
using hocket::testing::client_close_frame;
using hocket::testing::client_frame;
using hocket::testing::close_frame;
using hocket::testing::connected;
using hocket::testing::memory_stream_options;
using hocket::testing::memory_streams;
using hocket::testing::opcode;
using hocket::testing::server_frame;
using hocket::testing::silent;
using hocket::testing::with_bytes;

namespace {

coro<std::string> receive_to_end(byte_stream& from) {
  std::string all;
  for (;;) {
    const auto came = co_await hocket::as_expected(from.receive());
    if (!came || came->empty()) co_return all;
    all += came->text();
  }
}

/// So many bytes, or less at the end.
coro<std::string> receive_some(byte_stream& from, std::size_t size) {
  std::string some;
  while (some.size() < size) {
    const auto came = co_await from.receive();
    if (!came) break;
    some += came.text();
  }
  co_return some;
}

/// What the next `receive` gives: "text Hello", "end 1000", "closed 1002 ...".
coro<std::string> next_of(websocket& from) {
  try {
    auto message = co_await from.receive();
    if (!message) co_return fmt::format("end {} {}", *from.close_code(), from.close_reason());
    co_return fmt::format("{} {}", message->is_text ? "text" : "binary", message->data);
  } catch (const websocket_closed& end) {
    co_return fmt::format("closed {} {}", end.code(), end.what());
  }
}

/// What a server makes of these bytes, and then of the end of the connection: all messages, and the end.
coro<std::string> made_of(std::string bytes, websocket_options options = silent, memory_stream_options links = {}) {
  auto [server, client] = with_bytes(std::move(links), options);
  const auto sending = create_task([](byte_stream& to, std::string what) -> coro<void> {
    co_await to.send_all(what);
    co_await to.shutdown_send();
  }(client, std::move(bytes)));
  std::string all;
  for (;;) {
    const std::string next = co_await next_of(server);
    all += next;
    if (next.starts_with("end") || next.starts_with("closed")) break;
    all += "; ";
  }
  static_cast<void>(co_await as_result(sending));
  co_return all;
}

/// The code with which the server answers these bytes.
coro<std::string> answer_to(std::string bytes, websocket_options options = silent) {
  auto [server, client] = with_bytes({}, options);
  co_await client.send_all(bytes);
  while (co_await as_result(server.receive()) && !server.close_code()) {
  }
  server.abort();
  co_return co_await receive_to_end(client);
}

HOCKET_TEST(websocket, carries_messages_both_ways) {
  auto [client, server] = connected();
  co_await client.send_text("Hello");
  co_await client.send_binary(std::string_view("\0\xFF", 2));
  co_await client.send_text("");
  EXPECT_EQ(co_await next_of(server), "text Hello");
  EXPECT_EQ(co_await next_of(server), std::string("binary \0\xFF", 9));
  EXPECT_EQ(co_await next_of(server), "text ");
  co_await server.send_text("κόσμε");
  EXPECT_EQ(co_await next_of(client), "text κόσμε");
  EXPECT_TRUE(client.is_open());
}

HOCKET_TEST(websocket, carries_messages_of_all_sizes) {
  auto [client, server] = connected({.to_server = {.capacity = 1000}, .to_client = {.capacity = 1000}});
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 4096U, 4097U, 16384U, 16385U, 65535U, 65536U, 200'000U}) {
    std::string bytes(size, 'x');
    for (std::size_t at = 0; at < size; ++at) bytes[at] = static_cast<char>(at * 7 + at / 251);
    const auto sending = create_task(client.send_binary(bytes));
    const auto there = co_await server.receive();
    co_await sending;
    const auto answering = create_task(server.send_binary(there->data));
    const auto back = co_await client.receive();
    co_await answering;
    EXPECT_EQ(back->data, bytes);
  }
}

HOCKET_TEST(websocket, closes_in_order_from_either_side) {
  for (const bool by_client : {true, false}) {
    auto [client, server] = connected();
    websocket& first = by_client ? client : server;
    websocket& second = by_client ? server : client;
    co_await gather(first.close(4001, "enough"), [&]() -> coro<void> {
      EXPECT_EQ(co_await next_of(second), "closed 4001 the other side has closed the websocket: 4001");
      EXPECT_EQ(second.close_reason(), "enough");
      EXPECT_THROW(co_await second.send_text("late"), websocket_closed);
      co_await second.close();
    }());
    EXPECT_EQ(first.close_code(), 4001);
    EXPECT_EQ(first.close_reason(), "");
    EXPECT_THROW(co_await first.send_text("late"), websocket_closed);
  }
}

HOCKET_TEST(websocket, takes_codes_that_mean_no_harm_for_an_end) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 1001}) {
    auto [client, server] = connected();
    const auto closing = create_task(client.close(code, "bye"));
    EXPECT_EQ(co_await next_of(server), fmt::format("end {} bye", code));
    EXPECT_EQ(co_await next_of(server), fmt::format("end {} bye", code));
    co_await server.close();
    co_await closing;
  }
  EXPECT_EQ(co_await made_of(client_frame(opcode::close, "")), "end 1005 ");
}

HOCKET_TEST(websocket, gives_what_came_before_the_end) {
  EXPECT_EQ(co_await made_of(client_frame(opcode::text, "one") + client_frame(opcode::text, "two") +
                             client_close_frame(1000) + client_frame(opcode::text, "late")),
            "text one; text two; end 1000 ");
}

HOCKET_TEST(websocket, tells_a_connection_that_was_lost_from_one_that_was_closed) {
  EXPECT_EQ(co_await made_of(""), "closed 1006 the connection ended without a close frame");
  EXPECT_EQ(co_await made_of(client_frame(opcode::text, "one") + "\x81"),
            "text one; closed 1006 the connection ended without a close frame");
  EXPECT_EQ(co_await made_of(client_frame(opcode::text, "half", false)),
            "closed 1006 the connection ended without a close frame");
  auto [client, server] = connected({.to_server = {.fail_receive = {.at = 1}}});
  EXPECT_TRUE((co_await next_of(server)).starts_with("closed 1006 the connection was lost"));
}

HOCKET_TEST(websocket, answers_close_frames_as_the_rfc_has_it) {
  EXPECT_EQ(co_await answer_to(client_frame(opcode::close, "")), server_frame(opcode::close, ""));
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                                                       1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
    EXPECT_EQ(co_await answer_to(client_close_frame(code, "why")), close_frame(code));
  for (const std::uint16_t code :
       std::initializer_list<std::uint16_t>{0, 999, 1004, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535})
    EXPECT_EQ(co_await answer_to(client_close_frame(code, "")), close_frame(1002)) << code;
  EXPECT_EQ(co_await answer_to(client_frame(opcode::close, "\x03")), close_frame(1002));
  EXPECT_EQ(co_await answer_to(client_close_frame(1000, "\xC0\xAF")), close_frame(1007));
  EXPECT_EQ(co_await answer_to(client_close_frame(1000, std::string(123, 'r'))), close_frame(1000));
}

HOCKET_TEST(websocket, tells_who_breaks_the_protocol_what_it_was) {
  EXPECT_EQ(co_await answer_to(server_frame(opcode::text, "unmasked")), close_frame(1002));
  EXPECT_EQ(co_await answer_to(client_frame(opcode::continuation, "")), close_frame(1002));
  EXPECT_EQ(co_await made_of(client_frame(opcode::text, "one") + "\xB1"),
            "text one; closed 1002 the other side has sent a frame with a reserved bit");
}

HOCKET_TEST(websocket, refuses_text_that_is_no_utf_8_across_fragments_too) {
  for (const std::string_view bad : {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80",
                                     "\xFF", "before \xE2\x28\xA1", "\xE2\x82"}) {
    EXPECT_EQ(co_await answer_to(client_frame(opcode::text, bad)), close_frame(1007));
    for (std::size_t at = 0; at <= bad.size(); ++at)
      EXPECT_EQ(co_await answer_to(client_frame(opcode::text, bad.substr(0, at), false) +
                                   client_frame(opcode::continuation, bad.substr(at))),
                close_frame(1007));
    EXPECT_EQ(co_await made_of(client_frame(opcode::binary, bad) + client_close_frame(1000)),
              fmt::format("binary {}; end 1000 ", bad));
  }
  const std::string good = "κ\xF0\x9F\x98\x80";
  for (std::size_t at = 0; at <= good.size(); ++at)
    EXPECT_EQ(co_await made_of(client_frame(opcode::text, good.substr(0, at), false) + client_frame(opcode::ping, "") +
                               client_frame(opcode::continuation, good.substr(at)) + client_close_frame(1000)),
              fmt::format("text {}; end 1000 ", good));
}

HOCKET_TEST(websocket, refuses_text_at_the_first_bad_byte_though_the_message_goes_on) {
  EXPECT_EQ(co_await answer_to(client_frame(opcode::text, "\xED\xA0", false)), close_frame(1007));
}

HOCKET_TEST(websocket, refuses_messages_over_the_limit) {
  constexpr websocket_options small{.max_message_bytes = 10, .heartbeat = std::nullopt};
  EXPECT_EQ(co_await made_of(client_frame(opcode::text, "0123456789") + client_close_frame(1000), small),
            "text 0123456789; end 1000 ");
  EXPECT_EQ(co_await answer_to(client_frame(opcode::text, "0123456789x"), small), close_frame(1009));
  EXPECT_EQ(co_await answer_to(
                client_frame(opcode::text, "0123456", false) + client_frame(opcode::continuation, "789x"), small),
            close_frame(1009));
  EXPECT_EQ(co_await made_of(client_frame(opcode::text, "0123456789x"), small),
            "closed 1009 the other side has sent a message larger than allowed");
}

HOCKET_TEST(websocket, refuses_a_message_over_the_limit_when_it_is_announced) {
  auto [server, client] = with_bytes();
  co_await client.send_all(std::string("\x82\xFF\x40\0\0\0\0\0\0\0mask", 14));
  EXPECT_EQ(co_await next_of(server), "closed 1009 the other side has sent a message larger than allowed");
  EXPECT_EQ((co_await client.receive()).text(), close_frame(1009));
}

HOCKET_TEST(websocket, finds_the_same_however_the_bytes_are_cut) {
  const std::string bytes = client_frame(opcode::text, "Hel", false) + client_frame(opcode::ping, "are you there") +
                            client_frame(opcode::continuation, "lo κόσμε") + client_frame(opcode::binary, "\xFF") +
                            client_frame(opcode::pong, "") + client_close_frame(1001, "bye");
  const std::string expected = "text Hello κόσμε; binary \xFF; end 1001 bye";
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    memory_stream_options once{.to_server = {.cuts = {at, 0}}};
    EXPECT_EQ(co_await made_of(bytes, silent, std::move(once)), expected);
  }
  memory_stream_options everywhere{.to_server = {.cuts = {1}}};
  EXPECT_EQ(co_await made_of(bytes, silent, std::move(everywhere)), expected);
}

HOCKET_TEST(websocket, begins_with_what_came_behind_the_handshake) {
  auto [in, out] = memory_streams();
  auto [client, server] = memory_streams();
  co_await in.send_all(client_frame(opcode::text, "early") + client_frame(opcode::text, "half").substr(0, 5));
  websocket socket(std::move(server), co_await out.receive(), {.role = websocket_role::server}, silent);
  EXPECT_EQ(co_await next_of(socket), "text early");
  co_await client.send_all(client_frame(opcode::text, "half").substr(5));
  EXPECT_EQ(co_await next_of(socket), "text half");
}

HOCKET_TEST(websocket, gives_messages_in_pieces_of_any_size) {
  constexpr websocket_options small{.max_message_bytes = 10, .heartbeat = std::nullopt};
  auto [client, server] = connected({.to_server = {.capacity = 1000}}, small);
  const std::string large(100'000, 'x');
  const auto sending = create_task(client.send_text(large));
  std::size_t size = 0;
  std::size_t largest = 0;
  for (;;) {
    const auto piece = co_await server.receive_piece();
    EXPECT_TRUE(piece->is_text);
    size += piece->data.size();
    largest = std::max(largest, piece->data.size());
    if (piece->is_last) break;
  }
  co_await sending;
  EXPECT_EQ(size, large.size());
  EXPECT_LE(largest, 1000U);
  co_await client.send_text("");
  const auto empty = co_await server.receive_piece();
  EXPECT_TRUE(empty->is_last && empty->data.empty());
}

HOCKET_TEST(websocket, sends_what_is_produced_as_the_fragments_of_one_message) {
  auto [server, client] = with_bytes();
  co_await server.send_text_pieces([](websocket_writer& to) -> coro<void> {
    co_await to.write("Hel");
    co_await to.write("");
    co_await to.write("lo \xCE");
    co_await to.write("\xBA");
  });
  co_await server.send_binary_pieces([](websocket_writer&) -> coro<void> { co_return; });
  server.abort();
  EXPECT_EQ(co_await receive_to_end(client),
            server_frame(opcode::text, "Hel", false) + server_frame(opcode::continuation, "lo \xCE", false) +
                server_frame(opcode::continuation, "\xBA", false) + server_frame(opcode::continuation, "") +
                server_frame(opcode::binary, ""));
}

HOCKET_TEST(websocket, keeps_the_messages_of_many_senders_whole_and_in_order) {
  auto [client, server] = connected({.to_server = {.capacity = 10}});
  hocket::event go_on;
  const auto in_pieces = create_task(client.send_text_pieces([&](websocket_writer& to) -> coro<void> {
    co_await to.write("one ");
    co_await go_on.wait();
    co_await to.write("by one");
  }));
  std::vector<hocket::task<void>> others;
  std::vector<std::string> texts;
  for (int nth = 0; nth < 5; ++nth) texts.push_back(fmt::format("{}: {}", nth, std::string(50, 'x')));
  for (const std::string& text : texts) others.push_back(create_task(client.send_text(text)));
  const auto ping = create_task(client.ping());
  const auto first = create_task(server.receive());
  co_await hocket::sleep(1s);
  go_on.set();
  EXPECT_EQ((co_await first)->data, "one by one");
  for (const std::string& text : texts) EXPECT_EQ((co_await server.receive())->data, text);
  co_await in_pieces;
  for (const auto& each : others) co_await each;
  ping.cancel();
  static_cast<void>(co_await as_result(ping));
}

HOCKET_TEST(websocket, closes_with_1011_where_a_message_cannot_be_completed) {
  for (const bool throws : {true, false}) {
    auto [server, client] = with_bytes();
    const auto produced = co_await as_result(server.send_text_pieces([throws](websocket_writer& to) -> coro<void> {
      co_await to.write(throws ? "begun" : "begun \xCE");
      if (throws) throw std::runtime_error("no more");
    }));
    EXPECT_FALSE(produced);
    EXPECT_FALSE(server.is_open());
    co_await client.shutdown_send();
    EXPECT_TRUE((co_await next_of(server)).starts_with("closed 1006"));
    server.abort();
    const std::string sent = co_await receive_to_end(client);
    EXPECT_TRUE(sent.ends_with(close_frame(1011))) << sent;
  }
}

HOCKET_TEST(websocket, closes_with_1011_where_a_piece_of_a_message_was_not_sent) {
  for (const bool is_first : {true, false}) {
    auto [server, client] = with_bytes({.to_client = {.capacity = 1}});
    std::optional<hocket::task<std::expected<hocket::duration, std::exception_ptr>>> ping;
    const auto produced = create_task(as_result(server.send_text_pieces([&](websocket_writer& to) -> coro<void> {
      if (!is_first) co_await to.write("begun");
      ping = create_task(as_result(server.ping()));  // it has the turn, as the other side takes nothing
      co_await hocket::sleep(1s);
      EXPECT_FALSE(co_await as_result(wait_for(to.write("given up"), 1s)));
      EXPECT_THROW(co_await to.write("in vain"), hocket::error);
    })));
    if (!is_first) EXPECT_EQ(co_await receive_some(client, 7), server_frame(opcode::text, "begun", false));
    EXPECT_FALSE(co_await produced);
    EXPECT_EQ(server.is_open(), is_first);
    const std::string pinged = server_frame(opcode::ping, "1");
    if (is_first) {
      const auto next = create_task(server.send_text("whole"));
      EXPECT_EQ(co_await receive_some(client, 10), pinged + server_frame(opcode::text, "whole"));
      co_await next;
    } else {
      EXPECT_EQ(co_await receive_some(client, 7), pinged + close_frame(1011));
    }
    server.abort();
    static_cast<void>(co_await *ping);
  }
}

HOCKET_TEST(websocket, goes_on_where_a_message_was_not_begun) {
  auto [client, server] = connected();
  const auto produced = co_await as_result(client.send_text_pieces([](websocket_writer&) -> coro<void> {
    throw std::runtime_error("nothing at all");
    co_return;
  }));
  EXPECT_FALSE(produced);
  co_await client.send_text("next");
  EXPECT_EQ(co_await next_of(server), "text next");
}

HOCKET_TEST(websocket, sends_no_text_that_is_no_utf_8) {
  auto [client, server] = connected();
  EXPECT_THROW(co_await client.send_text("\xFF"), hocket::error);
  co_await client.send_text("good");
  EXPECT_EQ(co_await next_of(server), "text good");
}

HOCKET_TEST(websocket, refuses_to_be_closed_by_what_may_not_be_sent) {
  auto [client, server] = connected();
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{0, 999, 1004, 1005, 1006, 1015, 2999, 5000})
    EXPECT_THROW(co_await client.close(code), hocket::error);
  EXPECT_THROW(co_await client.close(1000, std::string(124, 'x')), hocket::error);
  EXPECT_THROW(co_await client.close(1000, "\xFF"), hocket::error);
  EXPECT_TRUE(client.is_open());
}

HOCKET_TEST(websocket, answers_pings_while_somebody_receives) {
  auto [server, client] = with_bytes();
  const auto receiving = create_task(server.receive());
  co_await client.send_all(client_frame(opcode::ping, "first"));
  EXPECT_EQ((co_await client.receive()).text(), server_frame(opcode::pong, "first"));
  co_await client.send_all(client_frame(opcode::ping, std::string(125, 'p')));
  EXPECT_EQ((co_await client.receive()).text(), server_frame(opcode::pong, std::string(125, 'p')));
  receiving.cancel();
  static_cast<void>(co_await as_result(receiving));
}

HOCKET_TEST(websocket, a_flood_of_pings_to_which_nobody_listens_is_answered_by_few_pongs) {
  auto [server, client] = with_bytes({.to_client = {.capacity = 10}});
  std::string flood;
  for (int nth = 0; nth < 10'000; ++nth) flood += client_frame(opcode::ping, fmt::format("{}", nth));
  flood += client_frame(opcode::text, "at last");
  const auto sending = create_task(
      [](byte_stream& to, const std::string& bytes) -> coro<void> { co_await to.send_all(bytes); }(client, flood));
  EXPECT_EQ(co_await next_of(server), "text at last");
  co_await sending;
  server.abort();
  EXPECT_LT((co_await receive_to_end(client)).size(), 200U);
}

HOCKET_TEST(websocket, a_ping_waits_for_its_pong) {
  auto [client, server] = connected({.to_server = {.delay = 30ms}, .to_client = {.delay = 20ms}});
  const auto serving = create_task(server.receive());
  const auto receiving = create_task(client.receive());
  EXPECT_EQ(co_await client.ping(), 50ms);
  const auto both = co_await gather(client.ping(), client.ping());
  EXPECT_EQ(std::get<0>(both), 50ms);
  co_await client.close();
  EXPECT_THROW(co_await client.ping(), websocket_closed);
  static_cast<void>(co_await as_result(serving));
  static_cast<void>(co_await as_result(receiving));
}

HOCKET_TEST(websocket, who_waits_for_a_pong_hears_of_the_end) {
  auto [client, server] = connected();
  const auto receiving = create_task(as_result(client.receive()));
  const auto ping = create_task(client.ping());
  co_await hocket::sleep(1s);
  server.abort();
  EXPECT_THROW(co_await ping, websocket_closed);
  EXPECT_FALSE(co_await receiving);
}

HOCKET_TEST(websocket, a_heartbeat_keeps_a_websocket_whose_other_side_answers) {
  constexpr websocket_options beating{.heartbeat = 20s, .heartbeat_timeout = 5s};
  auto [client, server] = connected({}, beating);
  const auto serving = create_task(server.receive());
  const auto receiving = create_task(client.receive());
  co_await hocket::sleep(10min);
  EXPECT_TRUE(client.is_open() && server.is_open());
  co_await client.close();
  static_cast<void>(co_await as_result(serving));
  static_cast<void>(co_await as_result(receiving));
}

HOCKET_TEST(websocket, a_heartbeat_ends_a_websocket_whose_other_side_is_silent) {
  constexpr websocket_options beating{.heartbeat = 20s, .heartbeat_timeout = 5s};
  auto [server, client] = with_bytes({}, beating);
  const auto begun = hocket::loop::running().time();
  EXPECT_EQ(co_await next_of(server), "closed 1006 no answer to a ping in time");
  EXPECT_EQ(hocket::loop::running().time() - begun, 25s);
  EXPECT_EQ(co_await receive_to_end(client), server_frame(opcode::ping, "1"));
}

HOCKET_TEST(websocket, a_heartbeat_does_not_mistake_who_does_not_receive_for_a_silent_peer) {
  constexpr websocket_options beating{.heartbeat = 20s, .heartbeat_timeout = 5s};
  auto [server, client] = with_bytes({}, beating);
  co_await hocket::sleep(22s);
  co_await client.send_all(client_frame(opcode::pong, "1") + client_frame(opcode::text, "still here"));
  co_await hocket::sleep(10min);
  EXPECT_EQ(co_await next_of(server), "text still here");
}

HOCKET_TEST(websocket, does_not_wait_for_ever_for_an_answer_to_its_close_frame) {
  for (const bool reads : {true, false}) {
    auto [server, client] = with_bytes({.to_client = {.capacity = reads ? 1000U : 1U}});
    const auto begun = hocket::loop::running().time();
    co_await server.close();
    EXPECT_EQ(hocket::loop::running().time() - begun, 10s);
    EXPECT_EQ(server.close_code(), 1006);
  }
}

HOCKET_TEST(websocket, drops_what_comes_while_it_is_being_closed) {
  auto [server, client] = with_bytes();
  co_await client.send_all(client_frame(opcode::text, std::string(10'000, 'x')));
  const auto closing = create_task(server.close(1001, "bye"));
  EXPECT_EQ((co_await client.receive()).text(), close_frame(1001, "bye"));
  co_await client.send_all(client_frame(opcode::text, "more") + client_close_frame(1001));
  co_await closing;
  EXPECT_EQ(server.close_code(), 1001);
  EXPECT_EQ(co_await receive_to_end(client), "");
}

HOCKET_TEST(websocket, tells_of_an_end_in_order_amid_a_message_that_is_received_in_pieces) {
  auto [server, client] = with_bytes();
  co_await client.send_all(client_frame(opcode::text, "half", false) + client_close_frame(1000, "bye"));
  EXPECT_EQ((co_await server.receive_piece())->data, "half");
  for (int nth = 0; nth < 2; ++nth) {
    try {
      static_cast<void>(co_await server.receive_piece());
      ADD_FAILURE();
    } catch (const websocket_closed& end) {
      EXPECT_EQ(end.code(), 1000);
      EXPECT_EQ(end.reason(), "bye");
    }
  }
}

HOCKET_TEST(websocket, an_end_reaches_who_still_sends_when_its_frames_are_refused) {
  auto [server, client] = with_bytes({.to_server = {.capacity = 1000}});
  const auto sending = create_task(as_result([](byte_stream& to) -> coro<void> {
    co_await to.send_all(server_frame(opcode::text, std::string(100'000, 'x')));
    co_await to.shutdown_send();
  }(client)));
  EXPECT_TRUE((co_await next_of(server)).starts_with("closed 1002"));
  const auto closing = create_task(server.close());
  EXPECT_EQ(co_await receive_to_end(client), close_frame(1002));
  co_await closing;
  co_await sending;
}

HOCKET_TEST(websocket, holds_the_sender_back_while_nobody_receives) {
  auto [client, server] = connected({.to_server = {.capacity = 1000}});
  std::size_t sent = 0;
  const auto sending = create_task([](websocket& to, std::size_t& count) -> coro<void> {
    for (; count < 100; ++count) co_await to.send_text(std::string(100, 'x'));
  }(client, sent));
  co_await hocket::sleep(1s);
  EXPECT_LT(sent, 12U);
  for (int nth = 0; nth < 100; ++nth) EXPECT_EQ((co_await server.receive())->data.size(), 100U);
  co_await sending;
}

HOCKET_TEST(websocket, to_receive_with_a_limit_of_time_loses_nothing) {
  auto [server, client] = with_bytes();
  const std::string bytes = client_frame(opcode::text, "Hel", false) + client_frame(opcode::ping, "x") +
                            client_frame(opcode::continuation, "lo");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_THROW(co_await wait_for(server.receive(), 1ms), hocket::timeout_error);
    co_await client.send_all(std::string_view(bytes).substr(at, 1));
  }
  EXPECT_EQ(co_await next_of(server), "text Hello");
  EXPECT_EQ((co_await client.receive()).text(), server_frame(opcode::pong, "x"));
}

HOCKET_TEST(websocket, receives_into_the_memory_of_the_message_before) {
  auto [client, server] = connected();
  websocket_message message;
  co_await client.send_text(std::string(1000, 'x'));
  EXPECT_TRUE(co_await server.receive(message));
  EXPECT_EQ(message.data, std::string(1000, 'x'));
  EXPECT_TRUE(message.is_text);
  const char* const memory = message.data.data();
  co_await client.send_binary("a message of some twenty bytes");
  EXPECT_TRUE(co_await server.receive(message));
  EXPECT_EQ(message.data, "a message of some twenty bytes");
  EXPECT_FALSE(message.is_text);
  EXPECT_EQ(static_cast<const void*>(message.data.data()), memory);
  const auto closing = create_task(client.close());
  EXPECT_FALSE(co_await server.receive(message));
  EXPECT_EQ(message.data, "");
  co_await server.close();
  co_await closing;
}

HOCKET_TEST(websocket, to_receive_into_a_message_with_a_limit_of_time_loses_nothing) {
  auto [server, client] = with_bytes();
  websocket_message message{.data = "what was there before"};
  const std::string bytes = client_frame(opcode::text, "Hel", false) + client_frame(opcode::continuation, "lo");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_THROW(co_await wait_for(server.receive(message), 1ms), hocket::timeout_error);
    EXPECT_EQ(message.data, "");
    co_await client.send_all(std::string_view(bytes).substr(at, 1));
  }
  EXPECT_TRUE(co_await server.receive(message));
  EXPECT_EQ(message.data, "Hello");
}

HOCKET_TEST(websocket, a_send_that_was_cancelled_before_its_turn_sends_nothing) {
  auto [client, server] = connected({.to_server = {.capacity = 10}});
  const std::string large(1000, 'x');
  const auto first = create_task(client.send_text(large));
  co_await hocket::sleep(1s);
  EXPECT_THROW(co_await wait_for(client.send_text("second"), 1s), hocket::timeout_error);
  const auto third = create_task(client.send_text("third"));
  EXPECT_EQ(co_await next_of(server), "text " + large);
  EXPECT_EQ(co_await next_of(server), "text third");
  co_await first;
  co_await third;
}

HOCKET_TEST(websocket, a_send_that_was_cancelled_amid_a_frame_ends_the_connection) {
  auto [client, server] = connected({.to_server = {.capacity = 10}});
  const std::string large(1000, 'x');
  EXPECT_THROW(co_await wait_for(client.send_text(large), 1s), hocket::timeout_error);
  EXPECT_THROW(co_await client.send_text("next"), websocket_closed);
  EXPECT_TRUE((co_await next_of(server)).starts_with("closed 1006"));
}

HOCKET_TEST(websocket, destroying_it_is_an_end_without_a_close_frame) {
  auto [client, server] = connected();
  {
    const websocket gone = std::move(client);
  }
  EXPECT_TRUE((co_await next_of(server)).starts_with("closed 1006"));
}

HOCKET_TEST(websocket, gives_its_messages_one_by_one) {
  auto [client, server] = connected();
  for (const char* text : {"a", "b", "c"}) co_await client.send_text(text);
  const auto closing = create_task(client.close());
  std::string all;
  auto messages = server.messages();
  while (auto message = co_await messages.next()) all += message->data;
  EXPECT_EQ(all, "abc");
  co_await server.close();
  co_await closing;
}

HOCKET_TEST(websocket, carries_ten_thousand_small_messages) {
  auto [client, server] = connected();
  const auto echoing = create_task([](websocket& socket) -> coro<void> {
    while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
  }(server));
  const auto sending = create_task([](websocket& socket) -> coro<void> {
    for (int nth = 0; nth < 10'000; ++nth) co_await socket.send_text(fmt::format("{}", nth));
  }(client));
  int right = 0;
  for (int nth = 0; nth < 10'000; ++nth) right += (co_await client.receive())->data == fmt::format("{}", nth) ? 1 : 0;
  EXPECT_EQ(right, 10'000);
  co_await sending;
  co_await client.close();
  static_cast<void>(co_await as_result(echoing));
}

}  // namespace
