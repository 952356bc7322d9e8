#include <chrono>

#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>

hocket::coro<void> caller() { co_await hocket::sleep(std::chrono::seconds(1)); }
