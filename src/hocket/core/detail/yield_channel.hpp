#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace hocket::detail {

/// `In`, or nothing if that is void.
struct nothing {};
template <class In>
using sent_value = std::conditional_t<std::is_void_v<In>, nothing, In>;

/// What passes through a `co_yield`: a value out, and back a value or an exception. Owns neither value: the one that goes out
/// lives in the generator until it is resumed, the one that comes in with whoever resumes it, until the next `co_yield`.
template <class Out, class In>
class yield_channel {
 public:
  void offer(Out& value) noexcept { offered_ = std::addressof(value); }
  void offer_nothing() noexcept { offered_ = nullptr; }
  /// What the last step offered; null if it came to the end.
  [[nodiscard]] Out* offered() const noexcept { return offered_; }

  void send(In* value) noexcept { sent_ = value; }
  void raise(std::exception_ptr error) noexcept { raised_ = std::move(error); }
  [[nodiscard]] std::exception_ptr take_raised() noexcept { return std::exchange(raised_, nullptr); }

  /// The value of the `co_yield`, or the exception that was raised there.
  In receive() {
    if (raised_) [[unlikely]]
      std::rethrow_exception(take_raised());
    if constexpr (!std::is_void_v<In>) return std::move(*sent_);
  }

 private:
  Out* offered_ = nullptr;
  In* sent_ = nullptr;
  std::exception_ptr raised_;
};

}  // namespace hocket::detail
