#include <string>

#include <hocket/core/coro.hpp>

hocket::coro<int> length(const std::string& text) { co_return static_cast<int>(text.size()); }

hocket::coro<int> later() {
  const std::string greeting = "hello";
  auto work = length(greeting);
  co_return co_await std::move(work);
}
