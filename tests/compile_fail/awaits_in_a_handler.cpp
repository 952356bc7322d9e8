// expect: 'co_await' cannot be used in the handler of a try block
#include <hocket/core/coro.hpp>

hocket::coro<void> work() { co_return; }
hocket::coro<void> say_goodbye() { co_return; }

hocket::coro<void> caller() {
  try {
    co_await work();
  } catch (...) {
    co_await say_goodbye();
    throw;
  }
}
