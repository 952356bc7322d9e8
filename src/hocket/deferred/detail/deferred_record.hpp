#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/base/function.hpp>
#include <hocket/base/result.hpp>
#include <hocket/core/cancelled.hpp>

namespace hocket::detail {

/// One link of a chain of callbacks, whatever its value is. What it calls may let go of whoever holds it: it lives until that has returned.
class deferred_link : public std::enable_shared_from_this<deferred_link> {
 public:
  explicit deferred_link(std::source_location created) noexcept : created_(created) {}
  deferred_link(const deferred_link&) = delete;
  /// Lets go of the links after it one by one: no chain is too long for the stack.
  virtual ~deferred_link() {
    for (auto next = std::move(gives_to_); next.use_count() == 1;) next = std::exchange(next->gives_to_, nullptr);
  }

  [[nodiscard]] bool called() const noexcept { return called_; }
  [[nodiscard]] bool is_paused() const noexcept { return paused_ > 0; }
  [[nodiscard]] const std::source_location& created() const noexcept { return created_; }

  void pause() noexcept { ++paused_; }
  void unpause() {
    if (paused_ == 0) throw invalid_state_error("a deferred was unpaused more often than paused");
    if (--paused_ == 0) go_on();
  }

  /// What its result comes from: a cancellation goes there. Who will call that holds it.
  void comes_from(const std::shared_ptr<deferred_link>& source) noexcept { source_ = source; }
  void set_canceller(function<void()> canceller) { canceller_ = std::move(canceller); }
  /// What the canceller ends still gives a result, later: until then it is waited for.
  void answer_late() noexcept { answers_late_ = true; }
  void cancel();

  /// Hands the result on, from link to link as far as it goes: no chain is too long for the stack.
  void go_on();

 protected:
  /// To be called when there is a result; `go_on` comes next.
  void mark_called() noexcept {
    called_ = true;
    source_.reset();
    canceller_ = {};
  }
  /// The second time that it is called; true: that is in order, for it was cancelled and whoever calls could not know.
  [[nodiscard]] bool is_late_call();
  virtual void fail(std::exception_ptr why) = 0;
  /// Gives the result to the next link, which is then called, or not yet. Null: there is none.
  virtual std::shared_ptr<deferred_link> hand_on() = 0;

  void set_next(std::shared_ptr<deferred_link> next) noexcept { gives_to_ = std::move(next); }
  /// The link after it, which is called next and not its any more; null if there is none, or if nobody but a coroutine waits.
  [[nodiscard]] std::shared_ptr<deferred_link> take_next() noexcept { return std::exchange(gives_to_, nullptr); }

  void cancel_head();
  static void report_unhandled(const std::exception_ptr& error, const std::source_location& created) noexcept;

 private:
  std::source_location created_;
  std::weak_ptr<deferred_link> source_;
  std::shared_ptr<deferred_link> gives_to_;
  function<void()> canceller_;
  unsigned paused_ = 0;
  bool called_ = false;
  bool has_canceller_run_ = false;
  bool may_be_called_late_ = false;
  bool answers_late_ = false;
};

template <class T>
class deferred_record final : public deferred_link {
 public:
  /// Takes the result, and the link that it is to be given to; gives the one to go on with.
  using consumer = function<std::shared_ptr<deferred_link>(result<T>&, std::shared_ptr<deferred_link>)>;

  using deferred_link::deferred_link;
  ~deferred_record() override {
    if (outcome_.has_error() && !is_taken_) report_unhandled(outcome_.error(), created());
  }

  template <class... Value>
  void call(Value&&... value) {
    if (this->called() && is_late_call()) return;
    const auto held = shared_from_this();
    settle(std::forward<Value>(value)...);
    go_on();
  }
  void call_error(std::exception_ptr error) {
    if (!error) throw invalid_state_error("a deferred was given no exception for one");
    if (this->called() && is_late_call()) return;
    const auto held = shared_from_this();
    settle_error(std::move(error));
    go_on();
  }

  // The same without going on. One that was called meanwhile, by its holder, keeps what it has.
  template <class... Value>
  void settle(Value&&... value) {
    if (this->called()) return;
    outcome_.set_value(std::forward<Value>(value)...);
    mark_called();
  }
  void settle_error(std::exception_ptr error) {
    if (this->called()) return;
    outcome_.set_error(std::move(error));
    mark_called();
  }
  void settle_with(result<T>& other) {
    if (this->called()) return;
    outcome_.take_over(other);
    mark_called();
  }

  /// Gives its result to `into` at once. False: it has none, or is not to give it yet.
  bool give_to(deferred_record& into) {
    if (!this->called() || this->is_paused() || is_taken_) return false;
    is_taken_ = true;
    into.settle_with(outcome_);
    return true;
  }

  void consume(consumer next, std::shared_ptr<deferred_link> into = nullptr) {
    if (is_taken_)
      throw invalid_state_error("a deferred has a callback already: add the next one to what add_callback gave");
    is_taken_ = true;
    next_ = std::move(next);
    this->set_next(std::move(into));
    go_on();
  }

 private:
  void fail(std::exception_ptr why) override { call_error(std::move(why)); }
  std::shared_ptr<deferred_link> hand_on() override {
    if (!next_) return nullptr;
    consumer next = std::exchange(next_, {});
    return next(outcome_, this->take_next());
  }

  result<T> outcome_;
  consumer next_;
  bool is_taken_ = false;
};

}  // namespace hocket::detail
