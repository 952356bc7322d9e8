// Clients of HTTP/2 that mean no good: memory and work stay bounded, and everybody else is served.

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <http/h2_client.hpp>
#include <http/running_server.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace h2 = hocket::testing::h2;
using hocket::coro;
using hocket::create_task;
using hocket::http::reply;
using hocket::http::request;
using hocket::http::server_options;
using hocket::testing::h2_client;
using hocket::testing::running_server;
using hocket::testing::wait_all_tasks_blocked;

namespace {

server_options spoken(server_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}

/// Counts who is at work, for an hour each, deaf to clients that go.
class working_server {
 public:
  explicit working_server(server_options options = {})
      : running_([this](request& asked) -> coro<reply> { co_return co_await answer(asked); },
                 spoken(std::move(options))) {}

  [[nodiscard]] hocket::socket_address address() const { return running_.address(); }
  coro<void> stop() { co_await running_.stop(); }

  int most = 0;
  int seen = 0;

 private:
  coro<reply> answer(request& asked) {
    if (asked.path() == "/quick") co_return reply::text("quick");
    if (asked.path() == "/chat")
      co_return hocket::http::accept_websocket(asked, [](hocket::http::websocket& socket) -> coro<void> {
        while (co_await socket.receive()) {
        }
      });
    ++seen;
    most = std::max(most, ++at_work_);
    co_await hocket::sleep(1h);
    --at_work_;
    co_return reply{};
  }

  int at_work_ = 0;
  running_server running_;
};

/// What the server says at the end to who sends that again and again; others are served meanwhile.
coro<std::string> last_word_to(working_server& server, hocket::function<std::string(std::uint32_t)> made, int times) {
  auto client = co_await h2_client::connect(server.address());
  auto said = create_task(client.goodbye());
  for (int n = 0; n < times; ++n)
    if (!co_await hocket::as_result(client.send(made(static_cast<std::uint32_t>(2 * n + 1))))) break;
  auto other = co_await h2_client::connect(server.address());
  EXPECT_EQ((co_await other.ask(1, h2::get(1, "/quick"))).body, "quick");
  other.stream().abort();
  std::string word = co_await said;
  client.stream().abort();
  co_return word;
}

HOCKET_TEST(hostile_http2_client, who_opens_too_many_streams_has_the_others_refused) {
  working_server server({.http2 = {.max_streams = 10}, .shutdown = 1s});
  auto client = co_await h2_client::connect(server.address());
  std::string requests;
  for (std::uint32_t id = 1; id <= 25; id += 2) requests += h2::get(id, "/");
  co_await client.send(requests);
  for (const std::uint32_t id : {21U, 23U, 25U}) EXPECT_EQ((co_await client.answer(id)).reset, h2::refused_stream);
  EXPECT_EQ(server.seen, 10);
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(hostile_http2_client, who_opens_too_many_streams_though_it_was_told_is_cut_off) {
  working_server server({.http2 = {.max_streams = 10}, .shutdown = 1s});
  auto client = co_await h2_client::connect(server.address());
  static_cast<void>(co_await client.next(h2::settings));
  std::string requests;
  for (std::uint32_t id = 1; id <= 25; id += 2) requests += h2::get(id, "/");
  co_await client.send(requests);
  EXPECT_EQ(co_await client.goodbye(), "1 19");
  client.stream().abort();
  co_await server.stop();
}

// CVE-2023-44487: streams that are begun and reset at once count for nobody's limit, but their handlers work.
HOCKET_TEST(hostile_http2_client, who_begins_and_resets_has_no_more_handlers_than_streams) {
  working_server server({.http2 = {.max_streams = 10}, .shutdown = 1s});
  auto client = co_await h2_client::connect(server.address());
  for (std::uint32_t id = 1; id < 200; id += 2) {
    co_await client.send(h2::get(id, "/"));
    co_await wait_all_tasks_blocked();
    co_await client.send(h2::reset(id));
  }
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(server.most, 10);
  EXPECT_EQ(server.seen, 10);
  client.stream().abort();
  co_await server.stop();
}

HOCKET_TEST(hostile_http2_client, who_begins_and_resets_without_end_is_cut_off) {
  working_server server({.shutdown = 1s, .max_requests = 1'000'000});
  const std::string word =
      co_await last_word_to(server, [](std::uint32_t id) { return h2::get(id, "/") + h2::reset(id); }, 3000);
  EXPECT_TRUE(word.starts_with("11 ") || word == "reset") << word;
  EXPECT_LE(server.most, 100);
  co_await server.stop();
}

// CVE-2019-9512, 9515, 9518 and their kin.
HOCKET_TEST(hostile_http2_client, who_keeps_the_server_busy_with_nothing_is_cut_off) {
  for (const auto& [name, frame] : std::vector<std::pair<std::string, std::string>>{
           {"ping", h2::frame(h2::ping, h2::none, 0, "12345678")},
           {"settings", h2::frame(h2::settings, h2::none, 0, h2::setting(3, 100))},
           {"priority update", h2::frame(h2::priority_update, h2::none, 0, h2::number(1) + "u=1")},
           {"what nobody knows", h2::frame(0x42, h2::none, 0, "?")},
           {"what nobody knows on a stream", h2::frame(0xff, h2::none, 1, "")},
           {"empty data", h2::body(1, "", false)},
           {"padding alone", h2::frame(h2::data, h2::padded, 1, std::string("\x02\0\0", 3))},
       }) {
    working_server server({.shutdown = 1s});
    const std::string word = co_await last_word_to(
        server, [&frame](std::uint32_t id) { return (id == 1 ? h2::post(1, "/") : std::string()) + frame; }, 3000);
    EXPECT_TRUE(word.starts_with("11 ") || word == "reset") << name << ": " << word;
    co_await server.stop();
  }
}

// CVE-2019-9514: each would be answered with a reset.
HOCKET_TEST(hostile_http2_client, who_sends_malformed_requests_without_end_is_cut_off) {
  working_server server({.shutdown = 1s});
  const std::string word = co_await last_word_to(
      server,
      [](std::uint32_t id) {
        return h2::frame(h2::headers, h2::end_headers | h2::end_stream, id,
                         h2::request_block("GET", "/", {{"Bad", ""}}));
      },
      3000);
  EXPECT_TRUE(word.starts_with("11 ") || word == "reset") << word;
  EXPECT_EQ(server.seen, 0);
  co_await server.stop();
}

HOCKET_TEST(hostile_http2_client, what_an_ordinary_client_does_now_and_then_is_no_flood) {
  hocket::http::server server([](request&) -> coro<reply> { co_return reply::text("quick"); }, spoken({.idle = 1h}));
  auto pair = hocket::testing::memory_streams();
  auto serving = create_task(server.serve_connection(std::move(pair.server)));
  auto client = co_await h2_client::greet(std::move(pair.client));
  for (int n = 0; n < 3000; ++n) {
    co_await client.send(h2::frame(h2::ping, h2::none, 0, "12345678"));
    static_cast<void>(co_await client.next(h2::ping));
    co_await hocket::sleep(100ms);
    if (n % 50 == 0) co_await client.send(h2::frame(h2::settings, h2::none, 0, ""));
  }
  EXPECT_EQ((co_await client.ask(1, h2::get(1, "/"))).body, "quick");
  client.stream().abort();
  static_cast<void>(co_await hocket::as_result(serving));
}

// CVE-2024-28182, CVE-2019-9516.
HOCKET_TEST(hostile_http2_client, whose_head_does_not_end_is_cut_off) {
  for (const std::string& piece : {std::string(), h2::field("", ""), h2::field("x", "y")}) {
    working_server server;
    auto client = co_await h2_client::connect(server.address());
    auto said = create_task(client.goodbye());
    co_await client.send(h2::frame(h2::headers, h2::end_stream, 1, h2::request_block("GET", "/")));
    for (int n = 0; n < 100; ++n)
      if (!co_await hocket::as_result(client.send(h2::frame(h2::continuation, h2::none, 1, piece)))) break;
    const std::string word = co_await said;
    EXPECT_TRUE(word != "none") << word;
    EXPECT_EQ(server.seen, 0);
    client.stream().abort();
    co_await server.stop();
  }
}

// HPACK makes a field of a kilobyte out of one byte.
HOCKET_TEST(hostile_http2_client, a_head_that_grows_when_it_is_unpacked_ends_the_connection) {
  working_server server;
  auto client = co_await h2_client::connect(server.address());
  const std::string stored = std::string(1, '\x40') + h2::hpack_text("x") + h2::hpack_text(std::string(1000, 'v'));
  co_await client.send(h2::frame(h2::headers, h2::end_headers | h2::end_stream, 1,
                                 h2::request_block("GET", "/") + stored + std::string(10'000, '\xbe')));
  EXPECT_EQ(co_await client.goodbye(), "11 1");
  EXPECT_EQ(server.seen, 0);
  client.stream().abort();
  co_await server.stop();
}

std::string many_settings(int count) {
  std::string all;
  for (int n = 0; n < count; ++n) all += h2::setting(3, 100);
  return all;
}

HOCKET_TEST(hostile_http2_client, who_breaks_the_protocol_is_told_how_and_cut_off) {
  using enum h2::frame_type;
  const std::string head = h2::request_block("GET", "/quick");
  for (const auto& [name, bytes, code] : std::vector<std::tuple<std::string, std::string, std::uint32_t>>{
           {"a frame larger than allowed", h2::frame(data, 0, 1, std::string(16'385, 'x')), h2::frame_size_error},
           {"an even stream", h2::frame(headers, h2::end_headers | h2::end_stream, 2, head), h2::protocol_error},
           {"data on no stream", h2::frame(data, 0, 0, "x"), h2::protocol_error},
           {"data on a stream that is not begun", h2::frame(data, 0, 1, "x"), h2::protocol_error},
           {"a head on no stream", h2::frame(headers, h2::end_headers, 0, head), h2::protocol_error},
           {"a reset of what is not begun", h2::reset(1), h2::protocol_error},
           {"a reset of another size", h2::get(1, "/") + h2::frame(rst_stream, 0, 1, "abc"), h2::frame_size_error},
           {"settings on a stream", h2::frame(settings, 0, 1, ""), h2::protocol_error},
           {"settings of another size", h2::frame(settings, 0, 0, "abc"), h2::frame_size_error},
           {"settings that are acknowledged with words", h2::frame(settings, h2::ack, 0, h2::setting(1, 1)),
            h2::frame_size_error},
           {"settings of many entries", h2::frame(settings, 0, 0, many_settings(33)), h2::enhance_your_calm},
           {"ENABLE_PUSH of 2", h2::frame(settings, 0, 0, h2::setting(2, 2)), h2::protocol_error},
           {"a window that is too large", h2::frame(settings, 0, 0, h2::setting(4, 0x8000'0000U)),
            h2::flow_control_error},
           {"MAX_FRAME_SIZE of 1", h2::frame(settings, 0, 0, h2::setting(5, 1)), h2::protocol_error},
           {"a ping on a stream", h2::frame(ping, 0, 1, "12345678"), h2::protocol_error},
           {"a ping of another size", h2::frame(ping, 0, 0, "1"), h2::frame_size_error},
           {"a goodbye on a stream", h2::frame(goaway, 0, 1, h2::number(0) + h2::number(0)), h2::protocol_error},
           {"data behind the end of its stream", h2::get(1, "/") + h2::body(1, "x"), h2::stream_closed},
           {"no credit for a stream", h2::get(1, "/") + h2::window(1, 0), h2::protocol_error},
           {"a push", h2::frame(push_promise, h2::end_headers, 1, h2::number(2) + head), h2::protocol_error},
           {"no credit for the connection", h2::window(0, 0), h2::protocol_error},
           {"credit beyond all bounds", h2::window(0, 0x7fff'ffff), h2::flow_control_error},
           {"credit for what is not begun", h2::window(1, 1), h2::protocol_error},
           {"a continuation of nothing", h2::frame(continuation, h2::end_headers, 1, head), h2::protocol_error},
           {"a head that is broken off",
            h2::frame(headers, h2::end_stream, 1, head) + h2::frame(ping, 0, 0, "12345678"), h2::protocol_error},
           {"padding larger than the frame", h2::frame(data, h2::padded, 1, "\x05xx"), h2::protocol_error},
           {"an index of nothing", h2::frame(headers, h2::end_headers, 1, "\x80"), h2::compression_error},
           {"a table that changes behind a field", h2::frame(headers, h2::end_headers, 1, "\x82\x20"),
            h2::compression_error},
           {"a string that is cut off", h2::frame(headers, h2::end_headers, 1, std::string("\0\5ab", 4)),
            h2::compression_error},
           {"a Huffman code for the end",
            h2::frame(headers, h2::end_headers, 1, std::string("\0\x84\xff\xff\xff\xff\0", 7)), h2::compression_error},
           {"an index that is not there", h2::frame(headers, h2::end_headers, 1, "\xfe"), h2::compression_error},
           {"a table larger than allowed", h2::frame(headers, h2::end_headers, 1, "\x3f\xff\xff\x03"),
            h2::compression_error},
           {"an integer without end", h2::frame(headers, h2::end_headers, 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
            h2::compression_error},
           {"Huffman padding that is none", h2::frame(headers, h2::end_headers, 1, std::string("\x00\x81\x00\x00", 4)),
            h2::compression_error},
       }) {
    working_server server({.shutdown = 1s});
    auto client = co_await h2_client::connect(server.address());
    co_await client.send(bytes);
    const std::string word = co_await client.goodbye();
    EXPECT_TRUE(word.starts_with(std::to_string(code) + " ")) << name << ": " << word;
    client.stream().abort();
    co_await server.stop();
  }
}

HOCKET_TEST(hostile_http2_client, who_breaks_the_rules_of_a_stream_has_that_reset) {
  using enum h2::frame_type;
  for (const auto& [name, bytes, code] : std::vector<std::tuple<std::string, std::string, std::uint32_t>>{
           {"credit beyond all bounds", h2::get(1, "/") + h2::window(1, 0x7fff'ffff), h2::flow_control_error},
           {"a second head", h2::post(1, "/") + h2::frame(headers, h2::end_headers, 1, h2::request_block("GET", "/")),
            h2::protocol_error},
       }) {
    working_server server({.shutdown = 1s, .cancel_on_disconnect = true});
    auto client = co_await h2_client::connect(server.address());
    co_await client.send(bytes);
    const auto answer = co_await client.answer(1);
    EXPECT_EQ(answer.reset, code) << name;
    client.stream().abort();
    co_await server.stop();
  }
}

enum class waits_for { nothing, the_head, the_end };

/// What comes of a frame on stream 1 in that state: "goes on", "reset CODE" of the stream, "ends CODE" of the connection.
coro<std::string> outcome_in(std::string state, waits_for answer, std::string frame) {
  working_server server({.shutdown = 1s});
  auto client = co_await h2_client::connect(server.address());
  co_await client.send(state);
  if (answer == waits_for::the_end) static_cast<void>(co_await client.answer(1));
  if (answer == waits_for::the_head) static_cast<void>(co_await client.next(h2::headers));
  const auto before = client.so_far(1).reset;
  co_await client.send(frame + h2::get(3, "/quick"));
  std::string outcome = "goes on";
  for (;;) {
    const auto found = co_await client.next();
    if (found.type == h2::goaway) outcome = "ends " + h2_client::goaway_of(found).substr(0, 2);
    if (found.type == -1 || found.type == h2::goaway) break;
    if (found.stream == 3 && found.type == h2::data) break;
  }
  const auto after = client.so_far(1).reset;
  if (outcome == "goes on" && after && !before) outcome = fmt::format("reset {}", *after);
  while (outcome.ends_with(' ')) outcome.pop_back();
  client.stream().abort();
  co_await server.stop();
  co_return outcome;
}

// RFC 9113, 5.1: each state and each frame. Where it lets one choose nghttp2 has chosen.
HOCKET_TEST(hostile_http2_client, what_a_frame_means_depends_on_the_state_of_its_stream) {
  using enum h2::frame_type;
  struct state {
    const char* name;
    std::string made_by;
    waits_for answer;
    std::vector<const char*> outcomes;  // in the order of the frames
  };
  const std::string malformed =
      h2::frame(headers, h2::end_headers | h2::end_stream, 1, h2::request_block("GET", "/", {{"Bad", ""}}));
  const std::string tunnel = h2::frame(headers, h2::end_headers, 1,
                                       h2::block({{":method", "CONNECT"},
                                                  {":protocol", "websocket"},
                                                  {":scheme", "http"},
                                                  {":path", "/chat"},
                                                  {":authority", "x"},
                                                  {"sec-websocket-version", "13"}}));
  const std::vector<std::pair<const char*, std::string>> frames{
      {"data", h2::body(1, "x", false)},
      {"the last data", h2::body(1, "x", true)},
      {"trailers", h2::frame(headers, h2::end_headers | h2::end_stream, 1, h2::field("x", "y"))},
      {"a priority", h2::frame(priority, h2::none, 1, std::string("\0\0\0\0\x10", 5))},
      {"a priority of itself", h2::frame(priority, h2::none, 1, std::string("\0\0\0\1\x10", 5))},
      {"a reset", h2::reset(1)},
      {"credit", h2::window(1, 1)},
      {"a continuation", h2::frame(continuation, h2::end_headers, 1, "")},
  };
  const std::vector<state> states{
      {"idle",
       "",
       waits_for::nothing,
       {"ends 1", "ends 1", "reset 1", "goes on", "goes on", "ends 1", "ends 1", "ends 1"}},
      {"open",
       h2::post(1, "/"),
       waits_for::nothing,
       {"goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "ends 1"}},
      {"an open tunnel",
       tunnel,
       waits_for::the_head,
       {"goes on", "goes on", "reset 1", "goes on", "goes on", "goes on", "goes on", "ends 1"}},
      {"closed by the client",
       h2::get(1, "/"),
       waits_for::nothing,
       {"ends 5", "ends 5", "ends 5", "goes on", "goes on", "goes on", "goes on", "ends 1"}},
      {"closed by both",
       h2::get(1, "/quick"),
       waits_for::the_end,
       {"goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "ends 1"}},
      {"reset by the client",
       h2::post(1, "/") + h2::reset(1),
       waits_for::nothing,
       {"goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "ends 1"}},
      {"reset by the server",
       malformed,
       waits_for::the_end,
       {"goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "goes on", "ends 1"}},
  };
  for (const auto& [name, made_by, answer, outcomes] : states)
    for (std::size_t n = 0; n < frames.size(); ++n)
      EXPECT_EQ(co_await outcome_in(made_by, answer, frames[n].second), outcomes[n])
          << frames[n].first << " on a stream that is " << name;
}

HOCKET_TEST(hostile_http2_client, who_takes_nothing_at_all_is_given_up) {
  const std::string large(50'000'000, 'l');
  running_server server(
      [&large](request&) -> coro<reply> { co_return reply{.body = hocket::http::body::borrow(large)}; },
      spoken({.idle = 15s, .grace = 10s}));
  auto client = co_await h2_client::connect(server.address());
  const std::string all = h2::number(0x7fff'0000U);
  co_await client.send(h2::frame(h2::settings, h2::none, 0, h2::setting(4, 0x7fff'ffffU)) +
                       h2::window(0, 0x7fff'0000U) + h2::get(1, "/"));
  co_await hocket::sleep(10min);
  EXPECT_EQ(server.server.connections(), 0U);
  client.stream().abort();
  co_await server.stop();
}

}  // namespace
