#include <hocket/core/gather.hpp>

hocket::coro<void> work() { co_return; }

hocket::coro<void> caller() { co_await hocket::gather(work(), work()); }
