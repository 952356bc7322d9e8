#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>

hocket::coro<void> later(hocket::duration pause) {
  const auto nap = [pause]() -> hocket::coro<void> { co_await hocket::sleep(pause); };
  auto work = nap();
  co_await std::move(work);
}
