// libuv inside of hocket: a coroutine waits for libuv's descriptor and lets it run when there is something to do. Its callbacks and
// hocket's tasks take turns on one thread. Run: uv_inside
#include <chrono>

#include <fmt/format.h>
#include <uv.h>

#include <hocket/hocket.hpp>

using namespace std::chrono_literals;

/// Runs libuv's loop inside of the running one, until nothing in it is active any more.
hocket::coro<void> run_uv(uv_loop_t& inner) {
  while (uv_run(&inner, UV_RUN_NOWAIT) != 0) {
    const int limit = uv_backend_timeout(&inner);  // milliseconds; 0: at once, -1: until something comes
    if (limit == 0)
      co_await hocket::sleep(0s);
    else if (limit < 0)
      co_await hocket::wait_readable(uv_backend_fd(&inner));
    else
      co_await hocket::move_on_after(std::chrono::milliseconds(limit), hocket::wait_readable(uv_backend_fd(&inner)));
  }
}

struct ticker {
  uv_timer_t timer{};
  hocket::queue<int> ticks{};
  int count = 0;
};

void on_tick(uv_timer_t* timer) {
  auto& from = *static_cast<ticker*>(timer->data);
  fmt::print("libuv: tick {}\n", ++from.count);
  from.ticks.put_nowait(from.count);
  if (from.count == 3) uv_close(reinterpret_cast<uv_handle_t*>(timer), nullptr);
}

hocket::coro<void> consume(hocket::queue<int>& ticks) {
  for (int n = 0; n < 3; ++n) fmt::print("hocket: heard of tick {}\n", co_await ticks.get());
}

hocket::coro<void> amain(uv_loop_t& inner) {
  ticker clock;
  uv_timer_init(&inner, &clock.timer);
  clock.timer.data = &clock;
  uv_timer_start(&clock.timer, on_tick, 10, 10);
  co_await hocket::gather(run_uv(inner), consume(clock.ticks));
}

int main() {
  uv_loop_t inner{};
  uv_loop_init(&inner);
  hocket::run(amain(inner));
  uv_loop_close(&inner);
}
