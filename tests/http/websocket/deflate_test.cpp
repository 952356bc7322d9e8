// Compression: what is agreed upon, what becomes of messages, and of those that are meant to do harm.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <http/websocket/frames.hpp>
#include <http/websocket/sockets.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/websocket/detail/deflate_agreement.hpp>
#include <hocket/http/websocket/detail/message_deflater.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::create_task;
using hocket::http::deflate_window;
using hocket::http::headers;
using hocket::http::websocket;
using hocket::http::websocket_agreement;
using hocket::http::websocket_closed;
using hocket::http::websocket_deflate;
using hocket::http::websocket_options;
using hocket::http::websocket_role;
using hocket::http::websocket_writer;
using hocket::http::detail::accept_deflate;
using hocket::http::detail::agree_on_deflate;
using hocket::http::detail::bad_frame;
using hocket::http::detail::message_deflater;
using hocket::http::detail::message_inflater;
using hocket::http::detail::offer_deflate;
using hocket::testing::client_frame;
using hocket::testing::memory_streams;
using hocket::testing::opcode;
using hocket::testing::two_sockets;

namespace {

std::string bytes_of(std::initializer_list<int> numbers) {
  std::string bytes;
  for (const int each : numbers) bytes.push_back(static_cast<char>(each));
  return bytes;
}

std::string inflated(message_inflater& by, std::string_view payload, bool is_last = true) {
  std::string text;
  by.add(payload, is_last);
  for (auto piece = by.next(); !piece.empty(); piece = by.next()) {
    EXPECT_LE(piece.size(), 16U * 1024);
    text += piece;
  }
  return text;
}

std::string inflated(std::string_view payload) {
  message_inflater by({});
  return inflated(by, payload);
}

headers extensions(std::string_view value) { return {{"Sec-WebSocket-Extensions", value}}; }

/// What a server answers, and the windows: "... | client 15 keeps, server 12 forgets".
std::string accepted(std::string_view offer, websocket_deflate wanted = {.window_bits = 15}) {
  const auto words = [](deflate_window window) {
    return fmt::format("{} {}", window.bits, window.keeps_context ? "keeps" : "forgets");
  };
  const auto found = accept_deflate(extensions(offer), wanted);
  if (!found) return "nothing";
  return fmt::format("{} | client {}, server {}", found->field, words(found->agreed.client),
                     words(found->agreed.server));
}

TEST(deflate_agreement, a_server_takes_the_offers_that_there_are) {
  EXPECT_EQ(accepted("permessage-deflate"), "permessage-deflate | client 15 keeps, server 15 keeps");
  EXPECT_EQ(accepted("permessage-deflate; client_max_window_bits"),
            "permessage-deflate; client_max_window_bits=15 | client 15 keeps, server 15 keeps");
  EXPECT_EQ(
      accepted("permessage-deflate; client_max_window_bits=10; server_max_window_bits=\"11\""),
      "permessage-deflate; client_max_window_bits=10; server_max_window_bits=11 | client 10 keeps, server 11 keeps");
  EXPECT_EQ(accepted("permessage-deflate; client_no_context_takeover; server_no_context_takeover"),
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover | "
            "client 15 forgets, server 15 forgets");
  EXPECT_EQ(accepted("permessage-deflate; client_max_window_bits", {.window_bits = 12, .context_takeover = false}),
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits=12; "
            "server_max_window_bits=12 | client 12 forgets, server 12 forgets");
  EXPECT_EQ(accepted("permessage-deflate", {.window_bits = 12}),
            "permessage-deflate; server_max_window_bits=12 | client 15 keeps, server 12 keeps");
}

TEST(deflate_agreement, a_server_takes_the_first_offer_that_it_can) {
  EXPECT_EQ(accepted("x-other; a=b, permessage-deflate; unknown, permessage-deflate; server_max_window_bits=9"),
            "permessage-deflate; server_max_window_bits=9 | client 15 keeps, server 9 keeps");
  for (const char* bad :
       {"permessage-deflate; unknown", "permessage-deflate; server_max_window_bits", "x-deflate",
        "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=08", "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_no_context_takeover=1", "permessage-deflate; server_no_context_takeover=true",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10"})
    EXPECT_EQ(accepted(bad), "nothing") << bad;
  for (const char* malformed :
       {";", "permessage-deflate;", "permessage-deflate; a=", "permessage-deflate a", "a; b=\""})
    EXPECT_THROW(static_cast<void>(accepted(malformed)), hocket::error) << malformed;
}

TEST(deflate_agreement, a_client_offers_what_it_wants) {
  EXPECT_EQ(offer_deflate({.window_bits = 15}), "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(offer_deflate({.window_bits = 12}),
            "permessage-deflate; client_max_window_bits; server_max_window_bits=12, "
            "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(offer_deflate({.window_bits = 15, .context_takeover = false}),
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits");
  EXPECT_EQ(
      accepted(offer_deflate({.window_bits = 10}), {.window_bits = 12}),
      "permessage-deflate; client_max_window_bits=12; server_max_window_bits=10 | client 12 keeps, server 10 keeps");
}

TEST(deflate_agreement, a_client_takes_servers_that_know_nothing_of_windows) {
  const auto agreed_with = [](std::string_view answer) {
    return *agree_on_deflate(extensions(answer), websocket_deflate{});
  };
  const auto gorilla = agreed_with("permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(gorilla.server.bits, 15);
  EXPECT_FALSE(gorilla.server.keeps_context);
  EXPECT_EQ(gorilla.client.bits, 12);
  EXPECT_FALSE(gorilla.client.keeps_context);
  EXPECT_EQ(agreed_with("permessage-deflate").server.bits, 15);
  EXPECT_EQ(agreed_with("permessage-deflate; server_max_window_bits=13").server.bits, 13);
}

TEST(deflate_agreement, a_client_takes_no_other_answer_than_it_has_asked_for) {
  const websocket_deflate wanted{.window_bits = 12};
  const auto agreed = agree_on_deflate(
      extensions("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9; client_no_context_takeover"),
      wanted);
  EXPECT_EQ(agreed->server.bits, 10);
  EXPECT_EQ(agreed->client.bits, 9);
  EXPECT_FALSE(agreed->client.keeps_context);
  EXPECT_TRUE(agreed->server.keeps_context);
  EXPECT_FALSE(agree_on_deflate({}, wanted));
  for (const char* bad :
       {"permessage-deflate; server_max_window_bits=16", "x-other",
        "permessage-deflate; server_max_window_bits=12, permessage-deflate; server_max_window_bits=12",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=12; unknown", ";"})
    EXPECT_THROW(static_cast<void>(agree_on_deflate(extensions(bad), wanted)), hocket::protocol_error) << bad;
  EXPECT_THROW(static_cast<void>(agree_on_deflate(extensions("permessage-deflate"), std::nullopt)),
               hocket::protocol_error);
  EXPECT_THROW(static_cast<void>(agree_on_deflate(extensions("permessage-deflate"),
                                                  websocket_deflate{.window_bits = 15, .context_takeover = false})),
               hocket::protocol_error);
}

TEST(message_inflater, reads_the_examples_of_the_rfc) {
  EXPECT_EQ(inflated(bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "Hello");
  EXPECT_EQ(inflated(bytes_of({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})), "Hello")
      << "a block without compression";
  EXPECT_EQ(inflated(bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})), "Hello")
      << "a block that is the last";
  EXPECT_EQ(inflated(bytes_of({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00})), "Hello")
      << "two blocks";
  EXPECT_EQ(inflated(bytes_of({0x00})), "");
  message_inflater with_context({});
  EXPECT_EQ(inflated(with_context, bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "Hello");
  EXPECT_EQ(inflated(with_context, bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00})), "Hello") << "what was said before";
}

TEST(message_inflater, refuses_what_is_no_compressed_data) {
  for (const std::string& bad : {bytes_of({0xFF, 0xFF, 0xFF}), bytes_of({0x06}),
                                 bytes_of({0xf2, 0x00, 0x11, 0x00, 0x00}), bytes_of({0x00, 0x05, 0x00, 0x05, 0x00})})
    EXPECT_THROW(static_cast<void>(inflated(bad)), bad_frame);
}

TEST(message_inflater, refuses_what_was_cut_off) {
  std::string text;
  for (unsigned at = 0; at < 10'000; ++at) text += fmt::format("{} ", at * 7919 % 10'007);
  message_deflater deflater({}, 6);
  const std::string packed = deflater.add(text, true);
  EXPECT_EQ(inflated(packed), text);
  for (const std::size_t size : {std::size_t{1}, packed.size() / 3, packed.size() / 2, packed.size() - 1})
    EXPECT_THROW(static_cast<void>(inflated(std::string_view(packed).substr(0, size))), bad_frame) << size;
}

TEST(message_deflater, takes_the_nearest_of_the_levels_that_there_are) {
  for (const int level : {-5, 0, 10, 1000})
    EXPECT_EQ(inflated(message_deflater({}, level).add("some text", true)), "some text");
}

TEST(message_inflater, gives_back_what_a_deflater_made_of_it) {
  std::string mixed;
  for (unsigned at = 0; at < 100'000; ++at) mixed.push_back(static_cast<char>(at * at / 7));
  for (const int bits : {9, 12, 15}) {
    for (const bool keeps : {true, false}) {
      message_deflater deflater({bits, keeps}, 6);
      message_inflater inflater({bits, keeps});
      for (const std::string& text : {std::string(), std::string("a"), std::string(100'000, 'x'), mixed, mixed}) {
        const std::string packed = deflater.add(text, true);
        EXPECT_EQ(inflated(inflater, packed), text);
        std::string in_pieces;
        std::string back;
        for (std::size_t at = 0; at <= text.size(); at += 30'000)
          back += inflated(inflater, deflater.add(std::string_view(text).substr(at, 30'000), false), false);
        back += inflated(inflater, deflater.add("", true));
        EXPECT_EQ(back, text);
      }
    }
  }
}

TEST(message_deflater, repeats_what_was_said_before_only_with_a_context) {
  const std::string text = "what is said twice need not be said twice";
  message_deflater with({15, true}, 6);
  message_deflater without({15, false}, 6);
  EXPECT_GT(with.add(text, true).size(), with.add(text, true).size());
  EXPECT_EQ(without.add(text, true).size(), without.add(text, true).size());
}

TEST(message_deflater, compresses_nothing_in_a_window_that_zlib_does_not_have) {
  EXPECT_FALSE(message_deflater({8, true}, 6).can_compress());
  message_inflater smallest({8, true});
  EXPECT_EQ(inflated(smallest, bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})), "Hello");
}

// ---- in a websocket

websocket_agreement agreed(websocket_role role, deflate_window both = {}) {
  return {.role = role, .deflate = websocket_agreement::compression{.client = both, .server = both}};
}

two_sockets connected(deflate_window both = {}, websocket_options options = {.heartbeat = std::nullopt},
                      hocket::testing::memory_stream_options links = {}) {
  auto [client, server] = memory_streams(std::move(links));
  return {websocket(std::move(client), {}, agreed(websocket_role::client, both), options),
          websocket(std::move(server), {}, agreed(websocket_role::server, both), options)};
}

std::string compressed_frame(std::string_view payload, bool is_last = true) {
  std::string frame;
  hocket::http::detail::append_frame_head(frame, {.kind = opcode::text,
                                                  .is_last = is_last,
                                                  .is_compressed = true,
                                                  .is_masked = true,
                                                  .mask = hocket::testing::test_mask,
                                                  .length = payload.size()});
  const std::size_t begin = frame.size();
  frame.append(payload);
  hocket::http::detail::apply_mask(std::span(frame).subspan(begin), hocket::testing::test_mask, 0);
  return frame;
}

HOCKET_TEST(websocket, carries_compressed_messages_both_ways) {
  for (const deflate_window window : {deflate_window{15, true}, deflate_window{9, false}, deflate_window{8, true}}) {
    auto [client, server] = connected(window);
    std::string mixed;
    for (unsigned at = 0; at < 50'000; ++at) mixed.push_back(static_cast<char>(at * at / 7));
    for (const std::string& data : {std::string("small"), std::string(200'000, 'x'), mixed, std::string(), mixed}) {
      const auto sending = create_task(client.send_binary(data));
      EXPECT_EQ((co_await server.receive())->data, data);
      co_await sending;
      const auto answering = create_task(server.send_binary(data));
      EXPECT_EQ((co_await client.receive())->data, data);
      co_await answering;
    }
    co_await client.send_text_pieces([](websocket_writer& to) -> coro<void> {
      for (int nth = 0; nth < 100; ++nth) co_await to.write("piece by piece κ ");
    });
    EXPECT_EQ((co_await server.receive())->data.size(), 100U * 18);
  }
}

HOCKET_TEST(websocket, compresses_what_is_worth_it) {
  auto [in, out] = memory_streams();
  websocket socket(std::move(in), {}, agreed(websocket_role::server), {.heartbeat = std::nullopt});
  co_await socket.send_text("short");
  EXPECT_EQ((co_await out.receive()).text(), hocket::testing::server_frame(opcode::text, "short"));
  co_await socket.send_text(std::string(1000, 'x'));
  EXPECT_LT((co_await out.receive()).size(), 50U);
}

HOCKET_TEST(websocket, reads_compressed_messages_however_they_are_cut) {
  message_deflater deflater({}, 6);
  const std::string text = fmt::format("κόσμε {}", std::string(100, 'x'));
  const std::string packed = deflater.add(text, true);
  const std::string ping = client_frame(opcode::ping, "p");
  const std::string bytes = compressed_frame(packed.substr(0, 5), false) + ping +
                            client_frame(opcode::continuation, packed.substr(5, 3), false) +
                            client_frame(opcode::continuation, packed.substr(8)) + client_frame(opcode::text, "plain");
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    auto [client, server] = memory_streams({.to_server = {.cuts = {at == 0 ? 1 : at, at == 0 ? 1U : 0U}}});
    websocket socket(std::move(server), {}, agreed(websocket_role::server), {.heartbeat = std::nullopt});
    co_await client.send_all(bytes);
    EXPECT_EQ((co_await socket.receive())->data, text);
    EXPECT_EQ((co_await socket.receive())->data, "plain");
  }
}

HOCKET_TEST(websocket, refuses_a_small_message_that_becomes_a_large_one) {
  message_deflater deflater({}, 9);
  const std::string bomb = deflater.add(std::string(std::size_t{64} * 1024 * 1024, '\0'), true);
  EXPECT_LT(bomb.size(), 100U * 1024);
  auto [client, server] = memory_streams();
  websocket socket(std::move(server), {}, agreed(websocket_role::server),
                   {.max_message_bytes = 1024 * 1024, .heartbeat = std::nullopt});
  const auto sending = create_task(hocket::as_result([](hocket::byte_stream& to, std::string bytes) -> coro<void> {
    co_await to.send_all(bytes);
  }(client, compressed_frame(bomb))));
  try {
    static_cast<void>(co_await socket.receive());
    ADD_FAILURE();
  } catch (const websocket_closed& end) {
    EXPECT_EQ(end.code(), 1009);
  }
  socket.abort();
  static_cast<void>(co_await sending);
}

HOCKET_TEST(websocket, gives_what_becomes_large_in_small_pieces) {
  auto [client, server] = connected();
  const std::string large(std::size_t{32} * 1024 * 1024, 'x');
  const auto sending = create_task(client.send_binary(large));
  std::size_t size = 0;
  for (;;) {
    const auto piece = co_await server.receive_piece();
    size += piece->data.size();
    EXPECT_LE(piece->data.size(), 16U * 1024);
    if (piece->is_last) break;
  }
  EXPECT_EQ(size, large.size());
  co_await sending;
}

HOCKET_TEST(websocket, gives_other_tasks_their_turns_while_a_little_becomes_much) {
  auto [client, server] = connected({}, {.max_message_bytes = std::size_t{1} << 30, .heartbeat = std::nullopt});
  const std::string large(std::size_t{32} * 1024 * 1024, 'x');
  co_await client.send_binary(large);
  std::size_t turns = 0;
  const auto ticking = create_task([](std::size_t& count) -> coro<void> {
    for (;; ++count) co_await hocket::sleep(hocket::duration::zero());
  }(turns));
  EXPECT_EQ((co_await server.receive())->data.size(), large.size());
  EXPECT_GE(turns, 31U);
  ticking.cancel();
  static_cast<void>(co_await as_result(ticking));
}

// What is dropped is not looked into.
HOCKET_TEST(websocket, does_not_unpack_what_comes_while_it_is_being_closed) {
  auto [client, server] = memory_streams();
  websocket socket(std::move(server), {}, agreed(websocket_role::server), {.heartbeat = std::nullopt});
  const auto closing = create_task(socket.close());
  static_cast<void>(co_await client.receive());
  co_await client.send_all(compressed_frame(bytes_of({0xFF, 0xFF, 0xFF})) + hocket::testing::client_close_frame(1000));
  co_await closing;
  EXPECT_EQ(socket.close_code(), 1000);
}

HOCKET_TEST(websocket, refuses_compressed_data_that_is_none_and_text_that_is_no_utf_8_below_it) {
  message_deflater deflater({15, false}, 6);
  for (const std::string& bad : {bytes_of({0xFF, 0xFF, 0xFF}), deflater.add("good \xED\xA0\x80 bad", true),
                                 deflater.add("cut off \xE2\x82", true)}) {
    auto [client, server] = memory_streams();
    websocket socket(std::move(server), {}, agreed(websocket_role::server), {.heartbeat = std::nullopt});
    co_await client.send_all(compressed_frame(bad));
    EXPECT_THROW(co_await socket.receive(), websocket_closed);
    EXPECT_EQ(socket.close_code(), 1007);
  }
}

HOCKET_TEST(websocket, refuses_compressed_frames_that_were_not_agreed_upon) {
  auto [client, server] = memory_streams();
  websocket socket(std::move(server), {}, {.role = websocket_role::server}, {.heartbeat = std::nullopt});
  co_await client.send_all(compressed_frame("x"));
  EXPECT_THROW(co_await socket.receive(), websocket_closed);
  EXPECT_EQ(socket.close_code(), 1002);
}

}  // namespace
