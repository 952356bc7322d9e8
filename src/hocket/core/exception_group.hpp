#pragma once

#include <exception>
#include <string>
#include <vector>

#include <hocket/base/error.hpp>

namespace hocket {

/// Several errors that left a task group together; never holds a `cancelled`. Counterpart: ExceptionGroup.
class exception_group : public error {
 public:
  explicit exception_group(std::vector<std::exception_ptr> errors);

  /// In the order in which they happened; at least one.
  [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

 private:
  std::vector<std::exception_ptr> errors_;
};

}  // namespace hocket
