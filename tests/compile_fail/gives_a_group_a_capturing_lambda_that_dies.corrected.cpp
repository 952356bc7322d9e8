#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>

void begin(hocket::task_group& group, hocket::duration pause) {
  group.create_task([](hocket::duration pause) -> hocket::coro<void> { co_await hocket::sleep(pause); }(pause));
}
