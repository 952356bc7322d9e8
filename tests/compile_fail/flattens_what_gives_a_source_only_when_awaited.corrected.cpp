#include <vector>

#include <hocket/flow.hpp>

hocket::coro<std::vector<int>> links(int page) { co_return std::vector{page}; }

hocket::coro<void> all_links() {
  co_await (hocket::flow::range(9) | hocket::flow::map(links) | hocket::flow::flatten() | hocket::flow::collect());
}
