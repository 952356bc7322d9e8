#include <hocket/core/coro.hpp>

hocket::coro<void> work() { co_return; }

hocket::coro<void> caller() {
  auto kept = work();
  co_await std::move(kept);
}
