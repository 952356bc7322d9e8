// hocket inside of GLib's main loop, which is that of GTK programs too: GLib polls one descriptor, and coroutines run beside its
// callbacks. Run: glib_host
#include <exception>
#include <expected>

#include <fmt/format.h>
#include <glib-unix.h>

#include <hocket/hocket.hpp>

/// Sets the future when GLib's timer goes off.
gboolean answer(gpointer data) {
  static_cast<hocket::future<int>*>(data)->set_result(42);
  return G_SOURCE_REMOVE;
}

hocket::coro<int> ask_glib() {
  hocket::future<int> answered;
  g_timeout_add(20, answer, &answered);
  co_return co_await answered;
}

hocket::coro<int> amain() {
  fmt::print("hocket: asks GLib\n");
  const int number = co_await ask_glib();
  fmt::print("hocket: was told {}\n", number);
  co_await hocket::sleep(std::chrono::milliseconds(20));  // GLib goes on meanwhile
  co_return number;
}

gboolean run_hocket(gint, GIOCondition, gpointer data) {
  auto& guest = *static_cast<hocket::guest_run*>(data);
  guest.run_ready();
  return guest.is_done() ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

int main() {
  GMainLoop* const host = g_main_loop_new(nullptr, FALSE);
  const auto done = [host](std::expected<int, std::exception_ptr> result) {
    fmt::print("GLib: hocket has ended with {}\n", result.value_or(-1));
    g_main_loop_quit(host);
  };
  {
    hocket::guest_run guest(amain(), done);
    g_unix_fd_add(guest.descriptor(), G_IO_IN, run_hocket, &guest);
    g_main_loop_run(host);
  }
  g_main_loop_unref(host);
}
