// What Twisted's clients are made of: a protocol that gives a deferred its result, its factory, and a clock that a test moves.

#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <hocket/deferred.hpp>
#include <hocket/io/create_connection.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::deferred;

namespace {

/// Says something to whoever comes, after a second, and hangs up.
class speaks final : public hocket::protocol {
 public:
  void connection_made(hocket::transport& peer) override {
    hocket::reactor::call_later(1s, [peer]() mutable {
      peer.write("an apple a day");
      peer.close();
    });
  }
  void data_received(std::string_view) override {}
};

/// Collects what it is told until the end.
class listens final : public hocket::protocol {
 public:
  explicit listens(deferred<std::string> heard) : heard_(std::move(heard)) {}

  void data_received(std::string_view bytes) override { text_ += bytes; }
  void connection_lost(std::exception_ptr error) override {
    if (error)
      heard_.errback(std::move(error));
    else
      heard_.callback(std::move(text_));
  }

 private:
  deferred<std::string> heard_;
  std::string text_;
};

/// Twisted's factory: it keeps what all its protocols share.
struct listening_factory {
  deferred<std::string> heard;
  std::shared_ptr<listens> operator()() const { return std::make_shared<listens>(heard); }
};

HOCKET_TEST(protocol_and_deferred, the_factory_of_a_client_gives_its_protocol_the_deferred_to_call) {
  hocket::server serving = co_await hocket::create_server(std::make_shared<speaks>, "127.0.0.1", 0);
  const listening_factory factory;
  const auto begin = hocket::reactor::time();
  auto connected = co_await hocket::create_connection(factory, "127.0.0.1", serving.addresses().front().port());
  const auto length = factory.heard.add_callback([](const std::string& text) { return text.size(); });
  EXPECT_EQ(co_await length, 14U);
  EXPECT_EQ(hocket::reactor::time() - begin, 1s) << "by the clock of the test";
  serving.close();
  co_await serving.wait_closed();
}

/// Twisted's ProcessProtocol: gives what the child has written when that has ended.
class collects final : public hocket::subprocess_protocol {
 public:
  explicit collects(deferred<std::string> written) : written_(std::move(written)) {}

  void connection_made(hocket::subprocess_transport& child) override {
    auto input = child.get_pipe_transport(0);
    input.write("to sort\nis good\n");
    input.close();
  }
  void pipe_data_received(int number, std::string_view bytes) override {
    if (number == 1) text_ += bytes;
  }
  void connection_lost(std::exception_ptr) override { written_.callback(std::move(text_)); }

 private:
  deferred<std::string> written_;
  std::string text_;
};

HOCKET_TEST(reactor, spawns_a_process_that_tells_its_protocol) {
  const deferred<std::string> written;
  hocket::subprocess_transport child;
  hocket::reactor::call_when_running(
      [&] { child = hocket::reactor::spawn_process(std::make_shared<collects>(written), {"sort"}); });
  EXPECT_EQ(co_await written, "is good\nto sort\n");
  EXPECT_EQ(child.get_returncode(), 0);
}

HOCKET_TEST(reactor, throws_what_keeps_a_process_from_beginning) {
  EXPECT_THROW(hocket::reactor::spawn_process(std::make_shared<collects>(deferred<std::string>()), {"/no/program"}),
               std::system_error);
  co_return;
}

}  // namespace
