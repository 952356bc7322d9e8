// expect: neither a coroutine nor a coroutine wrapper
#include <functional>

#include <hocket/core/coro.hpp>

hocket::coro<int> answer() { co_return 42; }

std::function<hocket::coro<int>()> held = answer;
