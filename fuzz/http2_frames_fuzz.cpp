// Input: what a client of HTTP/2 sends behind its preface, to websockets, too. However the bytes are cut, the same must be read from them, and a server that gets
// them ends in order: what it was asked it has answered, and nothing is left.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/detail/h2_session.hpp>
#include <hocket/http/detail/h2_stream.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/http/websocket/accept_websocket.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/virtual_clock.hpp>

#include "http/message_trace.hpp"

namespace {

using hocket::coro;
using hocket::http::detail::h2_session;
using hocket::http::detail::h2_stream;

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Writes down what comes on a stream.
class noted_stream final : public h2_stream {
 public:
  noted_stream(h2_session& session, std::int32_t id) : h2_stream(session, id), trace("stream " + std::to_string(id)) {}

  /// With the body, unless that was cut off: then where it was is the cut's affair.
  [[nodiscard]] std::string told() {
    if (!is_whole() || !has_news()) return trace + (is_closed() ? " closed\n" : " open\n");
    try {
      return trace + " whole: " + std::string(take()) + "\n";
    } catch (const std::exception&) {
      return trace + " failed\n";
    }
  }

 private:
  void take_field(std::string_view name, std::string_view value) override {
    trace.append("\n  ").append(name).append(": ").append(value);
  }
  bool head_ends() override {
    if (trace.find("\n  :protocol: ") != std::string::npos) become_tunnel();
    trace += "\n";
    return true;
  }
  void take_trailer(std::string_view name, std::string_view value) override {
    keep_trailer(name, value);
    trace.append("\n  behind it ").append(name).append(": ").append(value);
  }

  std::string trace;
};

class noted_session final : public h2_session {
 public:
  noted_session() : h2_session(side::server, {.takes_protocols = true}) {}

  [[nodiscard]] std::string told() {
    collect();
    std::string all;
    for (noted_stream& each : streams_) all += each.told();
    return all + (wants_to_read() ? "goes on" : "ends");
  }

 private:
  h2_stream* request_begins(std::int32_t id) override { return &streams_.emplace_back(*this, id); }
  void stream_ends(h2_stream&) noexcept override {}
  void ping_answered() override {}

  std::list<noted_stream> streams_;
};

coro<std::string> read(const std::vector<std::string_view>& pieces) {
  noted_session session;
  session.receive(preface);
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    session.receive({copy.data(), copy.size()});
  }
  co_return session.told();
}

coro<void> echo(hocket::http::websocket& socket) {
  while (auto message = co_await socket.receive()) co_await socket.send_binary(message->data);
}

coro<void> serve(std::string_view bytes) {
  hocket::http::server server(
      [](hocket::http::request& asked) -> coro<hocket::http::reply> {
        if (asked.headers().contains("Upgrade")) co_return hocket::http::accept_websocket(asked, echo);
        co_return hocket::http::reply::text(co_await asked.read());
      },
      {.http2 = {.prior_knowledge = true}});
  auto [client, connected] = hocket::testing::memory_streams({.to_client = {.capacity = 1 << 20}});
  auto serving = hocket::create_task(server.serve_connection(std::move(connected)));
  co_await client.send_all(preface);
  if (!bytes.empty()) static_cast<void>(co_await hocket::as_expected(client.send_all(bytes)));
  static_cast<void>(co_await hocket::as_result(client.shutdown_send()));
  while (auto answer = co_await hocket::as_expected(client.receive()))
    if (answer->empty()) break;
  client.abort();
  static_cast<void>(co_await hocket::as_result(serving));
  if (server.connections() != 0) std::abort();
}

template <class Work>
auto run_in_memory(Work work) {
  hocket::testing::virtual_clock clock(std::chrono::nanoseconds(0));  // there is no kernel to wait for
  return hocket::run(std::move(work),
                     {.backend = hocket::backend_kind::poll, .clock = &clock, .seed = 1, .handle_sigint = false});
}

// nghttp2 counts a CONTINUATION frame as often as bytes of its head come.
bool has_many_continuations(std::string_view bytes) {
  constexpr std::size_t head = 9;
  int found = 0;
  while (bytes.size() >= head) {
    const auto at = [&](std::size_t index) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[index]));
    };
    if (at(3) == 9) ++found;
    bytes.remove_prefix(std::min(bytes.size(), head + (at(0) << 16 | at(1) << 8 | at(2))));
  }
  return found > 8;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hocket::http::testing;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!has_many_continuations(bytes)) {
    const std::string whole = run_in_memory(read({bytes}));
    if (run_in_memory(read(cut(bytes, 1))) != whole) std::abort();
    if (run_in_memory(read(cut_anyhow(bytes))) != whole) std::abort();
  }
  run_in_memory(serve(bytes));
  return 0;
}
