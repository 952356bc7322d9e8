#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <hocket/base/arena.hpp>
#include <hocket/loop/thread_context.hpp>

namespace hocket {

/// The values of all context variables, as one task or callback sees them. Copying is cheap: two copies share what they hold
/// until one of them is changed, which the other does not notice.
///
/// Every task has one, copied from its creator's when it is made; a callback runs in a copy of the one in which it was
/// scheduled. Belongs to one thread. Counterpart: contextvars.Context.
class context {
 public:
  context() noexcept = default;
  context(const context& other) noexcept : record_(other.record_) {
    if (record_ != nullptr) ++record_->references;
  }
  context(context&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  context& operator=(context other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~context() { drop(); }

  /// The context of the running task or callback; outside of both, the thread's own.
  [[nodiscard]] static context& current() noexcept {
    return detail::here.variables != nullptr ? *detail::here.variables : of_this_thread();
  }

  /// Calls `function` in this context: what it sets stays here. For plain functions; a coroutine gets its context from
  /// `task_options::context`. Counterpart: Context.run.
  template <class Function>
  decltype(auto) run(Function&& function) {
    const entered inside(*this);
    return std::forward<Function>(function)();
  }

  /// True if no variable was ever set in it.
  [[nodiscard]] bool empty() const noexcept { return record_ == nullptr; }

  /// A copy that shares nothing but the values themselves, so that another thread may have it.
  [[nodiscard]] context detached() const;

  // ---- for `context_var`

  using value = std::shared_ptr<const void>;
  /// Null if it is not set here.
  [[nodiscard]] const value* find(const void* variable) const noexcept;
  /// Sets it, or with a null value takes it out.
  void set(const void* variable, value to);

 private:
  struct entry {
    const void* variable;
    value held;
  };
  struct record : arena_allocated {
    std::vector<entry> entries;
    std::uint32_t references = 1;
  };
  class entered {
   public:
    explicit entered(context& inside) noexcept : before_(std::exchange(detail::here.variables, &inside)) {}
    ~entered() { detail::here.variables = before_; }
    entered(const entered&) = delete;

   private:
    context* before_;
  };

  [[nodiscard]] static context& of_this_thread() noexcept;

  void drop() noexcept {
    if (record_ != nullptr) [[unlikely]]
      let_go();
  }
  void let_go() noexcept;

  record* record_ = nullptr;
};

/// A copy of the current context. Counterpart: contextvars.copy_context.
[[nodiscard]] inline context copy_context() noexcept { return context::current(); }

}  // namespace hocket
