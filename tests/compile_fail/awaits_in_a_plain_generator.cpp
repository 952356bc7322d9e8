// expect: a generator cannot wait for anything: make it an async_generator
#include <hocket/core/generator.hpp>
#include <hocket/core/sleep.hpp>

hocket::generator<int> ticks() {
  co_await hocket::sleep(std::chrono::seconds(1));
  co_yield 1;
}
