// expect: ignoring return value of
#include <hocket/core/coro.hpp>

hocket::coro<void> work() { co_return; }

hocket::coro<void> caller() {
  work();
  co_return;
}
