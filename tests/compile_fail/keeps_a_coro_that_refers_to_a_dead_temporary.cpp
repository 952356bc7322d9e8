// expect: temporary whose address is used as value of local variable 'work' will be destroyed
#include <string>

#include <hocket/core/coro.hpp>

hocket::coro<int> length(const std::string& text) { co_return static_cast<int>(text.size()); }

hocket::coro<int> later() {
  auto work = length("hello");
  co_return co_await std::move(work);
}
