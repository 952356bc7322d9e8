// expect: neither a coroutine nor a coroutine wrapper
#include <hocket/core/coro.hpp>

hocket::coro<int> answer() { co_return 42; }

hocket::coro<int> same_answer() { return answer(); }
