#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/base/function.hpp>
#include <hocket/green/detail/greenlet_core.hpp>

namespace hocket::green {

/// Thrown in a greenlet that is dropped before its end, where it stands; taken for its end. Derives from nothing, as `cancelled`.
/// Counterpart: greenlet.GreenletExit.
struct greenlet_exit final {};

/// A function that runs on a stack of its own, and gives way to another only by `switch_to`: without a loop, and without turns. `T` is what passes,
/// either way. Belongs to one thread. For what waits there are green threads: `green::wait` throws here.
/// Counterpart: greenlet.greenlet.
///
///     greenlet<int> doubles([](int first) {
///       for (int n = first;;) n = greenlet<int>::switch_to_parent(2 * n);
///     });
///     doubles.switch_to(1);  // 2
///     doubles.switch_to(5);  // 10
template <class T>
class greenlet {
 public:
  /// `run` is given what the first switch gives; its value goes to the parent, and so does what it throws. The parent is the greenlet that makes this one.
  explicit greenlet(function<T(T)> run, std::size_t stack_size = default_stack_size)
      : state_(std::make_unique<state>(std::move(run), stack_size)) {}
  greenlet(greenlet&&) noexcept = default;
  greenlet& operator=(greenlet&&) = delete;
  /// One that stands somewhere is thrown `greenlet_exit` there, and must end.
  ~greenlet() {
    if (state_ == nullptr || !state_->is_active()) return;
    state_->core.set_parent(detail::greenlet_core::current());
    try {
      throw_in(std::make_exception_ptr(greenlet_exit{}));
    } catch (...) {
    }
    HOCKET_ASSERT(!state_->is_active(), "a greenlet that was dropped goes on after greenlet_exit");
  }

  /// Runs it, from its beginning or from where it stands, until somebody switches back to whoever called; gives what that one passes. Throws what it
  /// throws if it ends so, and `invalid_state_error` if it has ended, or is running.
  T switch_to(T value = {}) {
    require_runnable();
    state_->begin();
    pass(std::move(value));
    return hand_over(state_->core);
  }
  /// The same with an exception, which is thrown where it stands; one that has not begun ends at once.
  T throw_in(std::exception_ptr error) {
    require_runnable();
    state_->begin();
    pass(std::move(error));
    return hand_over(state_->core);
  }

  /// Gives way to the parent of the one that runs. Throws `invalid_state_error` outside of a greenlet, and in one that passes another type.
  static T switch_to_parent(T value = {}) {
    const detail::greenlet_core& self = detail::greenlet_core::current();
    if (self.parent() == nullptr) throw invalid_state_error("there is no greenlet here that has a parent");
    if (self.passes() != &type_passed)
      throw invalid_state_error("the greenlet that runs passes values of another type");
    pass(std::move(value));
    return hand_over(*self.parent());
  }

  /// True once it has ended.
  [[nodiscard]] bool dead() const noexcept { return state_->ended; }
  /// True from its beginning to its end.
  explicit operator bool() const noexcept { return state_->is_active(); }

 private:
  static constexpr char type_passed{};  // whose address stands for `T`

  static void pass(T value) {
    passed().emplace(std::move(value));
    detail::greenlet_core::passing() = {.type = &type_passed};
  }
  static void pass(std::exception_ptr error) noexcept {
    detail::greenlet_core::passing() = {.error = std::move(error)};
  }
  static T take() {
    const auto passing = std::exchange(detail::greenlet_core::passing(), {});
    if (passing.error) std::rethrow_exception(passing.error);
    if (passing.type != &type_passed)
      throw invalid_state_error("a greenlet was switched to by one that passes values of another type");
    T taken = std::move(*passed());
    passed().reset();
    return taken;
  }

  struct state final : detail::job {
    state(function<T(T)> body, std::size_t size) : job{&run_it}, run(std::move(body)), stack_size(size) {}

    [[nodiscard]] bool is_active() const noexcept { return begun && !ended; }
    void begin() {
      if (std::exchange(begun, true)) return;
      core.give_stack(stack_size, *this);
    }
    static void run_it(job& self) noexcept {
      auto& mine = static_cast<state&>(self);
      try {
        pass(mine.run(take()));
      } catch (const greenlet_exit&) {
        pass(T());
      } catch (...) {
        pass(std::current_exception());
      }
      mine.ended = true;
      detail::greenlet_core::leave_to(*mine.core.parent());
    }

    function<T(T)> run;
    std::size_t stack_size;
    detail::greenlet_core core{detail::greenlet_core::current(), &type_passed};
    bool begun = false;
    bool ended = false;
  };

  /// On its way from one to another.
  static std::optional<T>& passed() noexcept {
    thread_local std::optional<T> mine;
    return mine;
  }

  static T hand_over(detail::greenlet_core& to) {
    to.run();
    return take();
  }

  void require_runnable() const {
    if (state_->ended) throw invalid_state_error("a greenlet was switched to that has ended");
    if (&state_->core == &detail::greenlet_core::current())
      throw invalid_state_error("a greenlet was switched to that runs");
  }

  std::unique_ptr<state> state_;
};

}  // namespace hocket::green
