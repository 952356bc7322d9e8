#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <utility>

#include <hocket/green/wait.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::green::detail {

/// How many of something may run at once; any number if no count is given.
class places {
 public:
  places() = default;
  explicit places(std::size_t count) : left_(std::make_shared<semaphore>(count)) {}

  [[nodiscard]] bool are_taken() const noexcept { return left_ != nullptr && left_->locked(); }

  /// `function`, which holds a place for as long as it exists, and so also where it never runs. Waits for one.
  template <class Function>
  auto give(Function function, std::source_location where) const {
    return [function = std::move(function), held = take(where)]() mutable -> decltype(auto) {
      return std::invoke(function);
    };
  }

 private:
  /// Keeps what it is a place of: whoever holds it may outlive the pool.
  struct place {
    std::shared_ptr<semaphore> of;
    std::optional<semaphore::permit> held;
  };

  place take(std::source_location where) const {
    if (left_ == nullptr) return {};
    return {.of = left_, .held = green::wait(left_->scoped_acquire(), where)};
  }

  std::shared_ptr<semaphore> left_;
};

}  // namespace hocket::green::detail
