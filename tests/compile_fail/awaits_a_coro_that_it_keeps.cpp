// expect: a coro is awaited once, as an rvalue
#include <hocket/core/coro.hpp>

hocket::coro<void> work() { co_return; }

hocket::coro<void> caller() {
  auto kept = work();
  co_await kept;
}
