#pragma once

#include <cstddef>
#include <exception>
#include <memory>

#include <hocket/green/detail/fiber.hpp>

namespace hocket::green::detail {

/// A stack that gives way only when it says so, and to whom it says; or, without one, whoever is not on such a stack: the main of its thread.
/// The job that it runs is its owner's.
class greenlet_core {
 public:
  /// The main of a thread.
  greenlet_core() noexcept = default;
  /// One that `parent` has made. `passes`: a place that stands for the type of what passes when it is switched to or switches.
  greenlet_core(greenlet_core& parent, const void* passes) noexcept : parent_(&parent), passes_(passes) {}
  greenlet_core(const greenlet_core&) = delete;

  [[nodiscard]] static greenlet_core& current() noexcept;
  [[nodiscard]] static greenlet_core& main() noexcept;

  void give_stack(std::size_t size, job& work) {
    fiber_ = std::make_unique<fiber>(stack::of_size(size), work, fiber::kind::never_waits);
  }
  [[nodiscard]] bool has_stack() const noexcept { return fiber_ != nullptr; }
  void take_stack() noexcept { fiber_.reset(); }

  /// Null: it is the main.
  [[nodiscard]] greenlet_core* parent() const noexcept { return parent_; }
  void set_parent(greenlet_core& now) noexcept { parent_ = &now; }
  [[nodiscard]] const void* passes() const noexcept { return passes_; }

  /// What goes with a switch: a value of some type, which is kept where all know that type, or an error.
  struct passage {
    const void* type = nullptr;
    std::exception_ptr error{};
  };
  /// On this thread.
  [[nodiscard]] static passage& passing() noexcept;

  /// Leaves the one that runs, which goes on when somebody switches to it. Precondition: this is not that one, and can run.
  void run() noexcept;
  /// Of the one that runs, as the last that it does: `next` runs now, and this one never again.
  static void leave_to(greenlet_core& next) noexcept;

 private:
  std::unique_ptr<fiber> fiber_;  // null: main, or not begun, or ended
  greenlet_core* parent_ = nullptr;
  const void* passes_ = nullptr;
};

}  // namespace hocket::green::detail
