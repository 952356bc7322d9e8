#pragma once

#include <string>
#include <vector>

#include <hocket/loop/loop.hpp>

namespace hocket::testing {

/// What the loop's exception handler is told from here on.
class told {
 public:
  told() {
    loop::running().set_exception_handler(
        [this](const exception_context& context) { messages.push_back(context.message); });
  }
  ~told() { loop::running().set_exception_handler({}); }
  told(const told&) = delete;
  told& operator=(const told&) = delete;

  std::vector<std::string> messages;
};

}  // namespace hocket::testing
