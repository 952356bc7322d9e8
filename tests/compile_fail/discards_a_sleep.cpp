// expect: ignoring return value of function declared with 'nodiscard'
#include <chrono>

#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>

hocket::coro<void> caller() {
  hocket::sleep(std::chrono::seconds(1));
  co_return;
}
