// expect: will be destroyed at the end of the full-expression
#include <string>

#include <hocket/core/async_generator.hpp>

hocket::async_generator<char> letters(const std::string& text) {
  for (const char letter : text) co_yield letter;
}

void begin() {
  auto source = letters("hello");
  static_cast<void>(source.next());
}
