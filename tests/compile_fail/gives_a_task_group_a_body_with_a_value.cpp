// expect: the body of a task group returns nothing
#include <hocket/core/task_group.hpp>

hocket::coro<void> caller() {
  co_await hocket::with_task_group([](hocket::task_group&) -> hocket::coro<int> { co_return 42; });
}
