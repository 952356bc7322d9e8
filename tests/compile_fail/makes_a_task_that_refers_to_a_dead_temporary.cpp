// expect: object whose reference is captured will be destroyed
#include <string>

#include <hocket/core/task.hpp>

hocket::coro<int> length(const std::string& text) { co_return static_cast<int>(text.size()); }

void begin() { hocket::create_task(length("hello")); }
