#include <hocket/exec/portal.hpp>
#include <hocket/exec/thread_pool_executor.hpp>

hocket::coro<int> half(int number) { co_return number / 2; }

auto submitted(hocket::portal& background) { return background.start(half, 42); }
