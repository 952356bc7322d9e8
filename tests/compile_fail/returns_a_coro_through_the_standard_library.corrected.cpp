#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>

hocket::coro<int> answer() { co_return 42; }

hocket::function<hocket::coro<int>()> held = answer;
