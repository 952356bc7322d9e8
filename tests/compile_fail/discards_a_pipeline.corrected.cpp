#include <hocket/flow.hpp>

hocket::coro<void> caller() {
  co_await (hocket::flow::range(9) | hocket::flow::for_each([](int) {}));
}
