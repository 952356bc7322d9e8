// GLib's main loop, which is that of GTK: hocket inside of it, and it inside of hocket.

#include <foreign/workload.hpp>

#ifdef HOCKET_HAS_GLIB

#include <memory>
#include <utility>
#include <vector>

#include <glib-unix.h>
#include <io/foreign_numbers.hpp>

#include <hocket/core/finally.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/sync/event.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::guest_run;
using hocket::run_options;
using hocket::testing::every_backend;
using hocket::testing::foreign_pipe;
using hocket::testing::guest_backends;
using hocket::testing::on_each;
using hocket::testing::workload;

namespace {

class main_context {
 public:
  main_context() = default;
  ~main_context() { g_main_context_unref(context_); }
  main_context(const main_context&) = delete;
  operator GMainContext*() const noexcept { return context_; }

  /// Takes over the source.
  void add(GSource* source, GSourceFunc function, gpointer data) const {
    g_source_set_callback(source, function, data, nullptr);
    g_source_attach(source, context_);
    g_source_unref(source);
  }

 private:
  GMainContext* context_ = g_main_context_new();
};

/// As GLib has it: it is called as what it is, by the source that it was made for.
GSourceFunc as_source_func(GUnixFDSourceFunc function) noexcept {
  return reinterpret_cast<GSourceFunc>(reinterpret_cast<void (*)()>(function));
}

gboolean count(gpointer counter) {
  ++*static_cast<int*>(counter);
  return G_SOURCE_CONTINUE;
}

/// Lets a guest run inside of GLib until it is done.
void run_inside(const main_context& host, guest_run& guest) {
  const GUnixFDSourceFunc on_readable = [](gint, GIOCondition, gpointer data) -> gboolean {
    auto& running = *static_cast<guest_run*>(data);
    running.run_ready();
    return running.is_done() ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
  };
  host.add(g_unix_fd_source_new(guest.descriptor(), G_IO_IN), as_source_func(on_readable), &guest);
  while (!guest.is_done()) g_main_context_iteration(host, TRUE);
}

/// Waits until one of the descriptors has what is asked of it, or for so many milliseconds; fewer than 0: without a limit.
coro<void> wait_for_any(std::vector<GPollFD>& polled, int limit) {
  hocket::loop& here = hocket::loop::running();
  hocket::event something;
  for (const GPollFD& each : polled) {
    if ((each.events & G_IO_IN) != 0) here.add_reader(each.fd, [&] { something.set(); });
    if ((each.events & G_IO_OUT) != 0) here.add_writer(each.fd, [&] { something.set(); });
  }
  const auto remove = [&]() -> coro<void> {
    for (const GPollFD& each : polled) {
      here.remove_reader(each.fd);
      here.remove_writer(each.fd);
    }
    co_return;
  };
  const auto wait = [&]() -> coro<void> {
    if (limit < 0)
      co_await something.wait();
    else
      co_await hocket::move_on_after(std::chrono::milliseconds(limit), something.wait());
  };
  co_await hocket::finally(wait, remove);
}

/// Runs GLib's main loop inside of the running loop, until cancelled.
coro<void> run_glib(GMainContext* inner) {
  g_main_context_acquire(inner);
  const std::unique_ptr<GMainContext, void (*)(GMainContext*)> until_the_end(inner, g_main_context_release);
  std::vector<GPollFD> polled(4);
  for (;;) {
    gint priority = 0;
    gint limit = 0;
    g_main_context_prepare(inner, &priority);
    for (;;) {
      const auto room = static_cast<gint>(polled.size());
      const gint wanted = g_main_context_query(inner, priority, &limit, polled.data(), room);
      polled.resize(static_cast<std::size_t>(wanted));
      if (wanted <= room) break;
    }
    if (limit == 0)
      co_await hocket::sleep(0s);
    else
      co_await wait_for_any(polled, limit);
    g_poll(polled.data(), static_cast<guint>(polled.size()), 0);
    if (g_main_context_check(inner, priority, polled.data(), static_cast<gint>(polled.size())) != FALSE)
      g_main_context_dispatch(inner);
  }
}

}  // namespace

TEST(glib, is_a_host_in_which_sleeps_tcp_and_threads_go_on_beside_its_own_timers) {
  on_each(guest_backends(), [](const run_options& options) {
    const main_context host;
    int ticks = 0;
    host.add(g_timeout_source_new(1), count, &ticks);
    const auto main = [&]() -> coro<bool> {
      const bool well = co_await workload();
      co_await hocket::testing::until([&, from = ticks] { return ticks >= from + 3; });
      co_return well;
    };
    bool well = false;
    guest_run guest(main(), [&](const auto& ended) { well = ended.value(); }, options);
    run_inside(host, guest);
    EXPECT_TRUE(well);
    EXPECT_GE(ticks, 3);
  });
}

TEST(glib, whose_callbacks_wake_what_waits_in_its_guest) {
  on_each(guest_backends(), [](const run_options& options) {
    const main_context host;
    hocket::future<int>* answer = nullptr;
    const auto main = [&]() -> coro<int> {
      hocket::future<int> awaited;
      answer = &awaited;
      co_return co_await awaited;
    };
    int got = 0;
    guest_run guest(main(), [&](const auto& ended) { got = ended.value(); }, options);
    const GSourceFunc set = [](gpointer data) -> gboolean {
      hocket::future<int>* const awaited = *static_cast<hocket::future<int>**>(data);
      if (awaited == nullptr) return G_SOURCE_CONTINUE;  // the guest has not begun
      awaited->set_result(7);
      return G_SOURCE_REMOVE;
    };
    host.add(g_timeout_source_new(1), set, &answer);
    run_inside(host, guest);
    EXPECT_EQ(got, 7);
  });
}

TEST(glib, inside_of_a_run_serves_its_timers_descriptors_and_threads_beside_tasks) {
  on_each(every_backend(), [](const run_options& options) {
    const main_context inner;
    int ticks = 0;
    int idle_calls = 0;
    inner.add(g_timeout_source_new(1), count, &ticks);
    const auto [near, far] = foreign_pipe();
    std::pair<const hocket::testing::foreign_number&, std::string> received{near, ""};
    const GUnixFDSourceFunc read = [](gint, GIOCondition, gpointer data) -> gboolean {
      auto& [from, bytes] = *static_cast<decltype(received)*>(data);
      bytes += from.read();
      return G_SOURCE_CONTINUE;
    };
    inner.add(g_unix_fd_source_new(near, G_IO_IN), as_source_func(read), &received);
    const auto main = [&]() -> coro<void> {
      const auto driving = hocket::create_task(run_glib(inner));
      EXPECT_TRUE(co_await workload());
      far.write("hello");
      co_await hocket::to_thread([&] {
        const GSourceFunc once = [](gpointer data) -> gboolean {
          ++*static_cast<int*>(data);
          return G_SOURCE_REMOVE;
        };
        inner.add(g_idle_source_new(), once, &idle_calls);
      });
      while (received.second != "hello" || idle_calls == 0 || ticks < 3) co_await hocket::sleep(1ms);
      driving.cancel();
      static_cast<void>(co_await hocket::as_result(driving));
    };
    hocket::run(main(), options);
    EXPECT_EQ(idle_calls, 1);
  });
}

#else

TEST(glib, is_tested) { GTEST_SKIP() << "libglib2.0-dev is not installed (scripts/setup peers)"; }

#endif
