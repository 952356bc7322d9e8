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
    state_->parent = &detail::greenlet_core::current();
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
    passed().value.emplace(std::move(value));
    return hand_over(state_->core);
  }
  /// The same with an exception, which is thrown where it stands; one that has not begun ends at once.
  T throw_in(std::exception_ptr error) {
    require_runnable();
    state_->begin();
    passed().error = std::move(error);
    return hand_over(state_->core);
  }

  /// Gives way to the parent of the one that runs. Throws `invalid_state_error` outside of a greenlet.
  static T switch_to_parent(T value = {}) {
    if (running() == nullptr) throw invalid_state_error("there is no greenlet here that has a parent");
    passed().value.emplace(std::move(value));
    return hand_over(*running()->parent);
  }

  /// True once it has ended.
  [[nodiscard]] bool dead() const noexcept { return state_->ended; }
  /// True from its beginning to its end.
  explicit operator bool() const noexcept { return state_->is_active(); }

 private:
  /// On its way from one to another.
  struct passage {
    std::optional<T> value;
    std::exception_ptr error;

    T take() {
      if (error) std::rethrow_exception(std::exchange(error, nullptr));
      T taken = std::move(*value);
      value.reset();
      return taken;
    }
  };

  struct state final : detail::job {
    state(function<T(T)> body, std::size_t size) : job{&run_it}, run(std::move(body)), stack_size(size) {}

    [[nodiscard]] bool is_active() const noexcept { return begun && !ended; }
    void begin() {
      if (std::exchange(begun, true)) return;
      core.give_stack(stack_size, *this);
    }
    static void run_it(job& self) noexcept {
      auto& mine = static_cast<state&>(self);
      running() = &mine;
      try {
        T result = mine.run(passed().take());
        passed().value.emplace(std::move(result));
      } catch (const greenlet_exit&) {
        passed().value.emplace();
      } catch (...) {
        passed().error = std::current_exception();
      }
      mine.ended = true;
      detail::greenlet_core::leave_to(*mine.parent);
    }

    function<T(T)> run;
    std::size_t stack_size;
    detail::greenlet_core core;
    detail::greenlet_core* parent = &detail::greenlet_core::current();
    bool begun = false;
    bool ended = false;
  };

  static passage& passed() noexcept {
    thread_local passage mine;
    return mine;
  }
  static state*& running() noexcept {
    thread_local state* mine = nullptr;
    return mine;
  }

  static T hand_over(detail::greenlet_core& to) {
    state* const self = running();
    if (&to == &detail::greenlet_core::main()) running() = nullptr;
    to.run();
    running() = self;
    return passed().take();
  }

  void require_runnable() const {
    if (state_->ended) throw invalid_state_error("a greenlet was switched to that has ended");
    if (&state_->core == &detail::greenlet_core::current())
      throw invalid_state_error("a greenlet was switched to that runs");
  }

  std::unique_ptr<state> state_;
};

}  // namespace hocket::green
