// libuv: hocket inside of it, and it inside of hocket.

#include <foreign/workload.hpp>

#ifdef HOCKET_HAS_LIBUV

#include <memory>
#include <optional>

#include <uv.h>

#include <hocket/core/timeout.hpp>
#include <hocket/io/wait_readable.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::guest_run;
using hocket::run_options;
using hocket::testing::ask;
using hocket::testing::every_backend;
using hocket::testing::guest_backends;
using hocket::testing::on_each;
using hocket::testing::workload;

namespace {

// The first loop of a process makes a pipe for signals, which stays.
[[maybe_unused]] const int of_the_first_loop = [] {
  uv_loop_t first{};
  uv_loop_init(&first);
  return uv_loop_close(&first);
}();

class uv {
 public:
  uv() { uv_loop_init(&loop_); }
  ~uv() {
    uv_walk(
        &loop_,
        [](uv_handle_t* each, void*) {
          if (uv_is_closing(each) == 0) uv_close(each, nullptr);
        },
        nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    EXPECT_EQ(uv_loop_close(&loop_), 0);
  }
  uv(const uv&) = delete;
  operator uv_loop_t*() noexcept { return &loop_; }

 private:
  uv_loop_t loop_{};
};

/// Counts as long as it lives, every millisecond.
class uv_ticks {
 public:
  explicit uv_ticks(uv_loop_t* on) {
    uv_timer_init(on, &timer_);
    timer_.data = this;
    uv_timer_start(&timer_, [](uv_timer_t* timer) { ++static_cast<uv_ticks*>(timer->data)->count; }, 1, 1);
  }
  void stop() { uv_timer_stop(&timer_); }

  int count = 0;

 private:
  uv_timer_t timer_{};
};

/// Lets a guest run inside of libuv until it is done.
void run_inside(uv_loop_t* host, guest_run& guest) {
  uv_poll_t poll{};
  uv_poll_init(host, &poll, guest.descriptor());
  poll.data = &guest;
  uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* of, int, int) { static_cast<guest_run*>(of->data)->run_ready(); });
  while (!guest.is_done()) uv_run(host, UV_RUN_ONCE);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll), nullptr);
  uv_run(host, UV_RUN_NOWAIT);
}

/// Runs libuv inside of the running loop, until it has no handles that are active.
coro<void> run_uv(uv_loop_t* inner) {
  while (uv_run(inner, UV_RUN_NOWAIT) != 0) {
    const int limit = uv_backend_timeout(inner);
    if (limit == 0) {
      co_await hocket::sleep(0s);
      continue;
    }
    try {
      if (limit < 0)
        co_await hocket::wait_readable(uv_backend_fd(inner));
      else
        co_await hocket::with_timeout(std::chrono::milliseconds(limit), hocket::wait_readable(uv_backend_fd(inner)));
    } catch (const hocket::timeout_error&) {  // a timer of libuv's is due
    }
  }
}

/// A server of libuv's that sends back what it receives.
class uv_echo_server {
 public:
  explicit uv_echo_server(uv_loop_t* on) {
    uv_tcp_init(on, &listener_);
    listener_.data = this;
    sockaddr_in address{};
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_bind(&listener_, reinterpret_cast<const sockaddr*>(&address), 0);
    uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 16,
              [](uv_stream_t* listener, int) { static_cast<uv_echo_server*>(listener->data)->accept(); });
  }
  [[nodiscard]] std::uint16_t port() {
    sockaddr_in address{};
    int size = sizeof address;
    uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  void close() { uv_close(reinterpret_cast<uv_handle_t*>(&listener_), nullptr); }

 private:
  struct sending {
    uv_write_t request{};
    std::string bytes;
  };

  void accept() {
    auto* client = new uv_tcp_t{};
    uv_tcp_init(listener_.loop, client);
    uv_accept(reinterpret_cast<uv_stream_t*>(&listener_), reinterpret_cast<uv_stream_t*>(client));
    uv_read_start(
        reinterpret_cast<uv_stream_t*>(client),
        [](uv_handle_t*, std::size_t size, uv_buf_t* memory) {
          *memory = uv_buf_init(new char[size], static_cast<unsigned>(size));
        },
        &uv_echo_server::received);
  }
  static void received(uv_stream_t* from, ssize_t count, const uv_buf_t* memory) {
    const std::unique_ptr<char[]> owned(memory->base);
    if (count < 0) {
      uv_close(reinterpret_cast<uv_handle_t*>(from),
               [](uv_handle_t* closed) { delete reinterpret_cast<uv_tcp_t*>(closed); });
      return;
    }
    auto* piece = new sending{.bytes = std::string(owned.get(), static_cast<std::size_t>(count))};
    const uv_buf_t bytes = uv_buf_init(piece->bytes.data(), static_cast<unsigned>(piece->bytes.size()));
    uv_write(&piece->request, from, &bytes, 1,
             [](uv_write_t* request, int) { delete reinterpret_cast<sending*>(request); });
  }

  uv_tcp_t listener_{};
};

}  // namespace

TEST(libuv, is_a_host_in_which_sleeps_tcp_and_threads_go_on_beside_its_own_timers) {
  on_each(guest_backends(), [](const run_options& options) {
    uv host;
    uv_ticks ticks(host);
    const auto main = [&]() -> coro<bool> {
      const bool well = co_await workload();
      co_await hocket::testing::until([&, from = ticks.count] { return ticks.count >= from + 3; });
      co_return well;
    };
    bool well = false;
    guest_run guest(main(), [&](const auto& ended) { well = ended.value(); }, options);
    run_inside(host, guest);
    EXPECT_TRUE(well);
    EXPECT_GE(ticks.count, 3);
  });
}

TEST(libuv, whose_callbacks_wake_what_waits_in_its_guest) {
  on_each(guest_backends(), [](const run_options& options) {
    uv host;
    hocket::future<int>* answer = nullptr;
    const auto main = [&]() -> coro<int> {
      hocket::future<int> awaited;
      answer = &awaited;
      co_return co_await awaited;
    };
    int got = 0;
    guest_run guest(main(), [&](const auto& ended) { got = ended.value(); }, options);
    uv_timer_t timer{};
    uv_timer_init(host, &timer);
    timer.data = &answer;
    const auto bring = [](uv_timer_t* of) {
      hocket::future<int>* const awaited = *static_cast<hocket::future<int>**>(of->data);
      if (awaited == nullptr) return;  // the guest has not begun
      awaited->set_result(7);
      uv_timer_stop(of);
    };
    uv_timer_start(&timer, bring, 1, 1);
    run_inside(host, guest);
    EXPECT_EQ(got, 7);
  });
}

TEST(libuv, inside_of_a_run_serves_its_timers_and_sockets_beside_tasks) {
  on_each(every_backend(), [](const run_options& options) {
    uv inner;
    uv_ticks ticks(inner);
    uv_echo_server server(inner);
    const std::string question(300'000, 'x');
    const auto main = [&]() -> coro<void> {
      const auto driving = hocket::create_task(run_uv(inner));
      EXPECT_TRUE(co_await ask(server.port(), question) == question);
      EXPECT_TRUE(co_await workload());
      const int before = ticks.count;
      while (ticks.count < before + 3) co_await hocket::sleep(1ms);
      ticks.stop();
      server.close();
      co_await driving;  // nothing of libuv's is left
    };
    hocket::run(main(), options);
  });
}

TEST(libuv, inside_of_a_run_hears_of_its_own_threads) {
  on_each(every_backend(), [](const run_options& options) {
    uv inner;
    int after_work = 0;
    uv_work_t work{};
    work.data = &after_work;
    uv_queue_work(inner, &work, [](uv_work_t*) {}, [](uv_work_t* done, int) { ++*static_cast<int*>(done->data); });
    hocket::run(run_uv(inner), options);
    EXPECT_EQ(after_work, 1);
  });
}

#else

TEST(libuv, is_tested) { GTEST_SKIP() << "libuv1-dev is not installed (scripts/setup peers)"; }

#endif
