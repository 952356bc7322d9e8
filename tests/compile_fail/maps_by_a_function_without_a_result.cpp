// expect: map needs a function that returns something
#include <hocket/flow.hpp>

hocket::coro<void> use_numbers() {
  co_await (hocket::flow::range(9) | hocket::flow::map([](int) {}) | hocket::flow::collect());
}
