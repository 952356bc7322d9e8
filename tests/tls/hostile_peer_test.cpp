#include <memory>
#include <string>

#include <openssl/ssl.h>
#include <tls/secure_streams.hpp>

#include <hocket/testing/test.hpp>

using hocket::byte_stream;
using hocket::coro;
using hocket::tls_errc;
using hocket::testing::failure_of;
using hocket::testing::localhost_server;
using hocket::testing::plain_pair;

namespace {

/// A client that is OpenSSL itself, so that it can misbehave.
class raw_client {
 public:
  raw_client(byte_stream stream, int version)
      : stream_(std::move(stream)), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_ = SSL_new(context_.get());
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_connect_state(ssl_);
  }
  ~raw_client() { SSL_free(ssl_); }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;

  [[nodiscard]] SSL* ssl() const noexcept { return ssl_; }

  coro<void> shake_hands() {
    while (SSL_do_handshake(ssl_) != 1) {
      co_await flush();
      co_await take();
    }
    co_await flush();
  }
  coro<void> flush() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out_, &bytes);
    const std::string all(bytes, static_cast<std::size_t>(size));
    static_cast<void>(BIO_reset(out_));
    co_await stream_.send_all(all);
  }
  coro<bool> take() {
    const auto received = co_await stream_.receive();
    BIO_write(in_, received.bytes().data(), static_cast<int>(received.size()));
    co_return !received.empty();
  }

 private:
  byte_stream stream_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  SSL* ssl_ = nullptr;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
};

coro<byte_stream> serve_one(byte_stream under) {
  co_return co_await hocket::start_tls(std::move(under), localhost_server(), {.server_side = true});
}

}  // namespace

HOCKET_TEST(tls_peer, may_update_its_keys) {
  auto [client, server] = co_await plain_pair();
  raw_client raw(std::move(client), TLS1_3_VERSION);
  auto serving = hocket::create_task(serve_one(std::move(server)));
  co_await raw.shake_hands();
  byte_stream stream = co_await std::move(serving);

  for (int n = 0; n < 300; ++n) {
    SSL_key_update(raw.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_write(raw.ssl(), "x", 1);
    co_await raw.flush();
    EXPECT_EQ((co_await stream.receive()).text(), "x");
  }
  co_await stream.send_all("answer");
  char heard[6] = {};
  while (SSL_read(raw.ssl(), heard, 6) != 6) EXPECT_TRUE(co_await raw.take());
  EXPECT_EQ(std::string(heard, 6), "answer");
}

HOCKET_TEST(tls_peer, that_does_nothing_but_update_its_keys_is_refused) {
  auto [client, server] = co_await plain_pair();
  raw_client raw(std::move(client), TLS1_3_VERSION);
  auto serving = hocket::create_task(serve_one(std::move(server)));
  co_await raw.shake_hands();
  byte_stream stream = co_await std::move(serving);

  for (int n = 0; n < 300; ++n) {
    SSL_key_update(raw.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(raw.ssl());
  }
  co_await raw.flush();

  EXPECT_EQ((co_await failure_of(stream.receive())).code, tls_errc::protocol_broken);
  EXPECT_EQ((co_await failure_of(stream.send_all("x"))).code, tls_errc::protocol_broken);
}

HOCKET_TEST(tls_peer, that_does_not_read_the_answers_it_asks_for_is_refused) {
  auto [client, server] = co_await plain_pair();
  raw_client raw(std::move(client), TLS1_3_VERSION);
  auto serving = hocket::create_task(serve_one(std::move(server)));
  co_await raw.shake_hands();
  byte_stream stream = co_await std::move(serving);
  const std::string more_than_fits(std::size_t(32) << 20, 'x');
  auto sending = hocket::create_task(failure_of(stream.send_all(more_than_fits)));
  auto receiving = hocket::create_task(failure_of(hocket::testing::receive_to_end(stream)));

  for (int n = 0; n < 100 && !receiving.done(); ++n) {
    for (int updates = 0; updates < 100; ++updates) {
      SSL_key_update(raw.ssl(), SSL_KEY_UPDATE_REQUESTED);
      SSL_write(raw.ssl(), "x", 1);
    }
    co_await raw.flush();
    co_await hocket::testing::wait_all_tasks_blocked();
  }

  EXPECT_TRUE(receiving.done());
  stream.abort();
  EXPECT_EQ((co_await std::move(receiving)).code, tls_errc::protocol_broken);
  co_await std::move(sending);
}

HOCKET_TEST(tls_peer, is_told_that_there_is_no_renegotiation) {
  auto [client, server] = co_await plain_pair();
  raw_client raw(std::move(client), TLS1_2_VERSION);
  auto serving = hocket::create_task(serve_one(std::move(server)));
  co_await raw.shake_hands();
  byte_stream stream = co_await std::move(serving);

  SSL_renegotiate(raw.ssl());
  SSL_do_handshake(raw.ssl());
  co_await raw.flush();
  auto receiving = hocket::create_task(failure_of(stream.receive()));

  EXPECT_TRUE(co_await raw.take());  // the alert comes although the server sends nothing else
  char nothing[1];
  EXPECT_LE(SSL_read(raw.ssl(), nothing, 1), 0);
  receiving.cancel();
  static_cast<void>(co_await hocket::testing::ends_cancelled(receiving));
}
