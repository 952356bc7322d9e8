#pragma once

#include <type_traits>
#include <utility>

#include <hocket/core/future_base.hpp>

namespace hocket::detail {

/// A callback that is given what has ended. It holds that only from its end on: a future that nobody sets any more would
/// never be freed otherwise.
class done_callback : public callback_record {
 public:
  explicit done_callback(future_base& subject) noexcept
      : callback_record(subject.owner(), loop::context_for(subject.owner())), subject_(subject) {}

  void hold() noexcept {
    subject_.retain();
    held_ = record_ref(&subject_);
  }

 protected:
  [[nodiscard]] record_ref<future_base> let_go() noexcept { return std::move(held_); }

 private:
  future_base& subject_;
  record_ref<future_base> held_;
};

template <class Handle, class Function>
class done_callback_of final : public record_with_function<done_callback, Function> {
 public:
  done_callback_of(future_base& subject, Function function)
      : record_with_function<done_callback, Function>(std::move(function), subject) {}

  void run() noexcept override {
    this->enter_context();
    try {
      const record_ref<future_base> ended = this->let_go();
      auto* const record = static_cast<Record*>(ended.get());
      record->retain();
      const Handle subject{record_ref<Record>(record)};
      static_cast<void>(this->function_(subject));
    } catch (...) {
      report_callback_error(this->loop_, std::current_exception());
    }
    this->drop_function();
    this->leave_context_and_release();
  }

 private:
  using Record = std::remove_reference_t<decltype(*std::declval<const Handle&>().record())>;
};

/// Calls `function`, with `subject` if it takes that, when `subject` has ended.
template <class Handle, class Function>
handle call_when_done(const Handle& subject, Function function) {
  future_base& record = *subject.record();
  if constexpr (std::is_invocable_v<Function&, const Handle&>) {
    auto* const made = new done_callback_of<Handle, Function>(record, std::move(function));
    handle kept(*made);
    record.add_done_callback(*made);
    return kept;
  } else {
    static_assert(std::is_invocable_v<Function&>, "a done callback takes what has ended, or nothing");
    auto* const made = new callback<Function>(record.owner(), std::move(function), loop::context_for(record.owner()));
    handle kept(*made);
    record.add_waiter(*made);
    return kept;
  }
}

}  // namespace hocket::detail
