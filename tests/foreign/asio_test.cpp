// Asio: hocket inside of it.

#include <foreign/workload.hpp>

#ifdef HOCKET_HAS_ASIO

#include <functional>

#include <asio.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::guest_run;
using hocket::run_options;
using hocket::testing::guest_backends;
using hocket::testing::on_each;
using hocket::testing::workload;

namespace {

/// Lets a guest run inside of Asio. The descriptor is only lent.
class inside {
 public:
  inside(asio::io_context& host, guest_run& guest) : guest_(guest), polled_(host, guest.descriptor()) { wait(); }
  ~inside() { polled_.release(); }
  inside(const inside&) = delete;

 private:
  void wait() {
    polled_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const asio::error_code& error) {
      if (error) return;
      guest_.run_ready();
      if (!guest_.is_done()) wait();
    });
  }

  guest_run& guest_;
  asio::posix::stream_descriptor polled_;
};

class asio_ticks {
 public:
  explicit asio_ticks(asio::io_context& on) : timer_(on) { wait(); }
  void stop() { timer_.cancel(); }

  int count = 0;

 private:
  void wait() {
    timer_.expires_after(1ms);
    timer_.async_wait([this](const asio::error_code& error) {
      if (error) return;
      ++count;
      wait();
    });
  }

  asio::steady_timer timer_;
};

}  // namespace

TEST(asio, is_a_host_in_which_sleeps_tcp_and_threads_go_on_beside_its_own_timers) {
  on_each(guest_backends(), [](const run_options& options) {
    asio::io_context host;
    asio_ticks ticks(host);
    const auto main = [&]() -> coro<bool> {
      const bool well = co_await workload();
      co_await hocket::testing::until([&, from = ticks.count] { return ticks.count >= from + 3; });
      co_return well;
    };
    bool well = false;
    guest_run guest(
        main(),
        [&](const auto& ended) {
          well = ended.value();
          ticks.stop();
        },
        options);
    const inside running(host, guest);
    host.run();  // until neither has anything left
    EXPECT_TRUE(guest.is_done());
    EXPECT_TRUE(well);
    EXPECT_GE(ticks.count, 3);
  });
}

TEST(asio, whose_handlers_wake_what_waits_in_its_guest) {
  on_each(guest_backends(), [](const run_options& options) {
    asio::io_context host;
    hocket::future<int>* answer = nullptr;
    const auto main = [&]() -> coro<int> {
      hocket::future<int> awaited;
      answer = &awaited;
      co_return co_await awaited;
    };
    int got = 0;
    guest_run guest(main(), [&](const auto& ended) { got = ended.value(); }, options);
    const inside running(host, guest);
    asio::steady_timer timer(host);
    const std::function<void()> bring = [&] {
      if (answer != nullptr) return answer->set_result(7);
      timer.expires_after(1ms);  // the guest has not begun
      timer.async_wait([&](const asio::error_code&) { bring(); });
    };
    asio::post(host, bring);
    host.run();
    EXPECT_EQ(got, 7);
  });
}

#else

TEST(asio, is_tested) { GTEST_SKIP() << "libasio-dev is not installed (scripts/setup peers)"; }

#endif
