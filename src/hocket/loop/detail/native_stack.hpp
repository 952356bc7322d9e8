#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace hocket::detail {

/// Where a thread stands, the innermost function first.
class native_stack {
 public:
  /// In the handler of a signal: where this thread stood when it was interrupted. Takes no memory and no lock.
  void take_interrupted() noexcept;

  /// Line by line, each with the function's name as far as its file tells, and the file. Takes memory, and reads files.
  [[nodiscard]] std::string text() const;

 private:
  struct frame {
    std::size_t address = 0;
    bool is_return_address = true;
  };
  std::array<frame, 48> frames_;
  std::size_t count_ = 0;
};

}  // namespace hocket::detail
