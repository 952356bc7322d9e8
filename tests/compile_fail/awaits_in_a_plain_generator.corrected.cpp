#include <hocket/core/async_generator.hpp>
#include <hocket/core/sleep.hpp>

hocket::async_generator<int> ticks() {
  co_await hocket::sleep(std::chrono::seconds(1));
  co_yield 1;
}
