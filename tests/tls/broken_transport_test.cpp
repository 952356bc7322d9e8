#include <string>

#include <tls/secure_streams.hpp>

#include <hocket/loop/backend.hpp>
#include <hocket/testing/test.hpp>

using hocket::buffer;
using hocket::byte_stream;
using hocket::coro;
using hocket::tls_errc;
using hocket::testing::failure;
using hocket::testing::failure_of;
using hocket::testing::localhost_server;
using hocket::testing::plain_pair;
using hocket::testing::receive_to_end;
using hocket::testing::trusting_client;

namespace {

/// Receives a byte at a time, and after `limit` of them the end.
class dripping_layer final : public hocket::stream_layer {
 public:
  dripping_layer(byte_stream below, std::size_t limit) noexcept : below_(std::move(below)), left_(limit) {}

  coro<buffer> receive() override {
    if (left_ == 0) {
      below_.abort();
      co_return buffer();
    }
    if (!held_) held_ = co_await below_.receive();
    if (!held_) co_return buffer();
    buffer one = hocket::loop::running().io().borrow();
    one.bytes()[0] = held_.bytes()[0];
    one.truncate(1);
    held_.remove_prefix(1);
    --left_;
    co_return one;
  }
  coro<void> send(std::span<const std::string_view> pieces) override { co_await below_.send_all(pieces); }
  coro<void> shutdown_send() override { co_await below_.shutdown_send(); }
  coro<void> close() override { co_await below_.close(); }
  void abort() noexcept override { below_.abort(); }
  [[nodiscard]] bool has_something_to_read() const noexcept override {
    return static_cast<bool>(held_) || below_.has_something_to_read();
  }
  [[nodiscard]] const byte_stream* below() const noexcept override { return &below_; }

 private:
  byte_stream below_;
  std::size_t left_;
  buffer held_;
};

/// A secure exchange of `says` for whatever the peer says; it fails unless the peer has said "answer" to its end.
coro<void> converse(byte_stream under, hocket::tls_context context, hocket::start_tls_options options,
                    std::string says) {
  byte_stream stream = co_await hocket::start_tls(std::move(under), std::move(context), std::move(options));
  co_await stream.send_all(says);
  co_await stream.shutdown_send();
  const std::string heard = co_await receive_to_end(stream);
  if (!options.server_side) EXPECT_EQ(heard, "answer");
  co_await stream.close();
}

struct both {
  failure client;
  failure server;
};

/// One side's transport drips, and ends after `limit` bytes.
coro<both> converse_over(bool cut_client, std::size_t limit, hocket::tls_version version) {
  auto [client, server] = co_await plain_pair();
  byte_stream& cut = cut_client ? client : server;
  cut = byte_stream(std::make_unique<dripping_layer>(std::move(cut), limit));
  auto [first, second] = co_await hocket::gather(
      failure_of(converse(std::move(client), trusting_client({.maximum_version = version}),
                          {.server_hostname = "localhost"}, "question")),
      failure_of(converse(std::move(server), localhost_server(), {.server_side = true}, "answer")));
  co_return both{first, second};
}

#if defined(HOCKET_SANITIZED)  // a handshake takes ten times as long
constexpr std::size_t cut_step = 13;
#else
constexpr std::size_t cut_step = 1;
#endif

coro<void> cut_everywhere(bool cut_client, hocket::tls_version version) {
  for (std::size_t limit = 0;; limit += cut_step) {
    const auto [client, server] = co_await converse_over(cut_client, limit, version);
    const failure& cut = cut_client ? client : server;
    if (cut.text == "nothing was thrown") {
      EXPECT_GT(limit, 200u);
      EXPECT_EQ((cut_client ? server : client).text, cut.text);
      co_return;
    }
    const bool as_it_should = cut.code == tls_errc::closed_in_handshake || cut.code == tls_errc::truncated;
    EXPECT_TRUE(as_it_should) << limit << ": " << cut.text;
    if (!as_it_should) co_return;
  }
}

}  // namespace

HOCKET_TEST(tls_transport, that_ends_after_any_byte_is_an_error_of_the_client) {
  co_await cut_everywhere(true, hocket::tls_version::tls1_3);
  co_await cut_everywhere(true, hocket::tls_version::tls1_2);
}

HOCKET_TEST(tls_transport, that_ends_after_any_byte_is_an_error_of_the_server) {
  co_await cut_everywhere(false, hocket::tls_version::tls1_3);
  co_await cut_everywhere(false, hocket::tls_version::tls1_2);
}

HOCKET_TEST(tls_transport, that_drips_loses_nothing) {
  for (const auto version : {hocket::tls_version::tls1_2, hocket::tls_version::tls1_3}) {
    const auto [client, server] = co_await converse_over(true, std::size_t(-1), version);
    EXPECT_EQ(client.text, "nothing was thrown");
    EXPECT_EQ(server.text, "nothing was thrown");
  }
}

HOCKET_TEST(tls_transport, that_is_reset_reports_the_reset) {
  auto [client, server] = co_await hocket::testing::connect_on_loopback();
  auto connecting = hocket::create_task(failure_of(
      hocket::start_tls(byte_stream(std::move(client)), trusting_client(), {.server_hostname = "localhost"})));
  co_await hocket::testing::wait_all_tasks_blocked();

  hocket::testing::reset(server);

  const failure failed = co_await std::move(connecting);
  EXPECT_EQ(failed.code, std::errc::connection_reset);
  EXPECT_TRUE(failed.text.starts_with("TLS with localhost (127.0.0.1:")) << failed.text;
}

HOCKET_TEST(tls_transport, whose_bytes_were_changed_is_refused) {
  auto [client, server] = co_await plain_pair();
  auto connecting = hocket::create_task(
      failure_of(hocket::start_tls(std::move(client), trusting_client(), {.server_hostname = "localhost"})));
  co_await server.receive();
  co_await server.send_all(std::string("\x16\x03\x03\x00\x04\x02\x00\x00\x00", 9));
  EXPECT_EQ((co_await std::move(connecting)).code, tls_errc::handshake_failed);
}
