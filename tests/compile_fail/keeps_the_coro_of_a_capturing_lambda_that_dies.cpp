// expect: temporary whose address is used as value of local variable 'work' will be destroyed
#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>

hocket::coro<void> later(hocket::duration pause) {
  auto work = [pause]() -> hocket::coro<void> { co_await hocket::sleep(pause); }();
  co_await std::move(work);
}
