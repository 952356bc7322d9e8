#include <chrono>
#include <mutex>

#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>

std::mutex mutex;

hocket::coro<void> caller() {
  {
    std::lock_guard guard(mutex);
  }
  co_await hocket::sleep(std::chrono::seconds(1));
}
