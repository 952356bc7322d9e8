// expect: ignoring return value
#include <hocket/flow.hpp>

hocket::coro<void> caller() {
  hocket::flow::range(9) | hocket::flow::for_each([](int) {});
  co_return;
}
