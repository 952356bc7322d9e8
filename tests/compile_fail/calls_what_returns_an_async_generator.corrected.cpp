#include <hocket/flow.hpp>

hocket::async_generator<int> pages(int) { co_yield 1; }

hocket::coro<void> use_pages() {
  co_await (hocket::flow::range(9) | hocket::flow::flatmap(pages) | hocket::flow::for_each([](int) {}));
}
