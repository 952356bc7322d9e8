#include <hocket/exec/portal.hpp>
#include <hocket/exec/thread_pool_executor.hpp>
// expect: a coroutine runs on a loop, not on a thread

hocket::coro<int> half(int number) { co_return number / 2; }

auto submitted(hocket::thread_pool_executor& pool) { return pool.submit(half, 42); }
