#include <string>

#include <hocket/core/coro.hpp>

hocket::coro<int> length(const std::string& text) { co_return static_cast<int>(text.size()); }

HOCKET_CORO_WRAPPER hocket::coro<int> length_of(const std::string& greeting) { return length(greeting); }
