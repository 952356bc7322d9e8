#include <hocket/flow.hpp>

hocket::coro<void> use_numbers() {
  co_await (hocket::flow::range(9) | hocket::flow::action([](int) {}) | hocket::flow::collect());
}
