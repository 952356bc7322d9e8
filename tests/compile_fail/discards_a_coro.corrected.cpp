#include <hocket/core/coro.hpp>

hocket::coro<void> work() { co_return; }

hocket::coro<void> caller() { co_await work(); }
