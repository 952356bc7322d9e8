// expect: because 'hocket::async_generator<int> &' does not satisfy 'iterable'
#include <hocket/flow.hpp>

HOCKET_CORO_WRAPPER hocket::async_generator<int> first_two() {
  auto numbers = hocket::flow::range(9);
  return numbers | hocket::flow::take(2);
}
