#include <hocket/core/coro.hpp>

hocket::coro<int> answer() { co_return 42; }

hocket::coro<int> same_answer() { co_return co_await answer(); }
