#include <hocket/core/task_group.hpp>

hocket::coro<void> caller() {
  int value = 0;
  co_await hocket::with_task_group([&](hocket::task_group&) -> hocket::coro<void> {
    value = 42;
    co_return;
  });
}
