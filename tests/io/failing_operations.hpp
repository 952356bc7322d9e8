#pragma once

#include <cstddef>

#include <hocket/loop/io_request.hpp>
#include <hocket/loop/run_observer.hpp>
#include <hocket/loop/thread_context.hpp>

namespace hocket::testing {

/// From here on every operation of one kind that is started on this thread fails with `error`, as often as it is wanted. There may
/// be several, for several kinds, which end in the opposite order.
class failing_operations final : public hocket::detail::run_observer {
 public:
  failing_operations(io_op which, int error, std::size_t spared = 0) noexcept
      : spared(spared), which_(which), error_(error) {
    hocket::detail::here.observer = this;
  }
  ~failing_operations() { hocket::detail::here.observer = before_; }
  failing_operations(const failing_operations&) = delete;
  failing_operations& operator=(const failing_operations&) = delete;

  int starting(const io_request& request) noexcept override {
    if (request.op != which_) return before_ != nullptr ? before_->starting(request) : 0;
    if (spared > 0) {
      --spared;
      return 0;
    }
    if (left == 0) return 0;
    --left;
    ++failed;
    return error_;
  }

  std::size_t spared;                               // that shall pass before
  std::size_t left = static_cast<std::size_t>(-1);  // that shall still fail
  std::size_t failed = 0;

 private:
  run_observer* const before_ = hocket::detail::here.observer;
  io_op which_;
  int error_;
};

}  // namespace hocket::testing
