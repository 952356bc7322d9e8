#include <hocket/core/coro.hpp>
#include <hocket/core/finally.hpp>

hocket::coro<void> work() { co_return; }
hocket::coro<void> say_goodbye() { co_return; }

hocket::coro<void> caller() { co_await hocket::finally(work(), say_goodbye()); }
