#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>

void begin(hocket::duration pause) {
  hocket::create_task([](hocket::duration pause) -> hocket::coro<void> { co_await hocket::sleep(pause); }(pause));
}
