#include <string>

#include <hocket/core/coro.hpp>

hocket::coro<int> length(const std::string& text) { co_return static_cast<int>(text.size()); }

hocket::coro<int> length_of_greeting() { co_return co_await length("hello"); }
