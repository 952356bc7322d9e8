#pragma once

#include <coroutine>
#include <cstdint>
#include <source_location>

#include <hocket/base/arena.hpp>
#include <hocket/base/noted.hpp>
#include <hocket/base/process_layout.hpp>
#include <hocket/core/awaitable.hpp>

namespace hocket {

class task_base;

namespace detail {
template <class Awaitable>
class foreign_wait;
}

/// What every hocket coroutine frame begins with: who waits for it, and where it awaits.
///
/// Another process reads these to draw the tree of what waits for what (core/process_table.cpp).
class frame_base {
 public:
  frame_base(const frame_base&) = delete;
  frame_base& operator=(const frame_base&) = delete;

  static void* operator new(std::size_t size) { return arena::allocate(size); }
  static void operator delete(void* block, std::size_t size) noexcept { arena::deallocate(block, size); }

  void set_parent(std::coroutine_handle<> parent) noexcept {
    parent_ = reinterpret_cast<std::uintptr_t>(parent.address());
  }
  void set_task(task_base& task) noexcept { parent_ = reinterpret_cast<std::uintptr_t>(&task) | is_task; }

  /// True once it was awaited or became a task.
  [[nodiscard]] bool has_begun() const noexcept { return parent_ != 0; }

  /// Where control goes when the coroutine has ended: to the coroutine that awaits it, or nowhere, and then its task has ended
  /// and the frame is gone.
  [[nodiscard]] std::coroutine_handle<> leave() noexcept {
    if ((parent_ & is_task) != 0) return end_task();
    return std::coroutine_handle<>::from_address(reinterpret_cast<void*>(parent_));
  }

  /// The coroutine that awaits this one; null for a task's outermost, and for one that has not begun.
  [[nodiscard]] const frame_base* parent() const noexcept {
    if (parent_ == 0 || (parent_ & is_task) != 0) return nullptr;
    return &of(std::coroutine_handle<>::from_address(reinterpret_cast<void*>(parent_)));
  }
  /// What `frame`, one of hocket's coroutines, begins with: every promise of theirs begins with this class, and is aligned so
  /// that it stands in the same place as if it were nothing else.
  [[nodiscard]] static const frame_base& of(std::coroutine_handle<> frame) noexcept {
    return std::coroutine_handle<frame_base>::from_address(frame.address()).promise();
  }

  /// Where it awaits, or did last; before its first await, where it was made.
  [[nodiscard]] std::source_location place() const noexcept { return place_.get(); }
  /// For who awaits on behalf of another, and where that one stands.
  void note_place(std::source_location where) noexcept { place_.set(where); }

  /// Every await passes here; notes where it stands.
  template <class Awaitable>
  [[nodiscard]] Awaitable&& await_transform(Awaitable&& awaited,
                                            std::source_location where = std::source_location::current()) noexcept {
    static_assert(
        awaitable<Awaitable>,
        "this cannot be awaited; a coro is awaited once, as an rvalue: co_await f() or co_await std::move(c)");
    note_place(where);
    return static_cast<Awaitable&&>(awaited);
  }
  /// Of somebody else's awaitable.
  template <awaitable Awaitable>
    requires detail::is_foreign<Awaitable>
  [[nodiscard]] auto await_transform(Awaitable&& awaited,
                                     std::source_location where = std::source_location::current()) {
    note_place(where);
    return detail::foreign_wait<Awaitable>(static_cast<Awaitable&&>(awaited));
  }

 protected:
  explicit frame_base(std::source_location created) noexcept : place_(created) {}
  ~frame_base() = default;

 private:
  template <class>
  friend struct detail::process_layout;
  static constexpr std::uintptr_t is_task = 1;

  [[nodiscard]] std::coroutine_handle<> end_task() noexcept;

  // In this order a new frame's parent and the exception after it (coro_promise_base) are cleared in one store.
  [[no_unique_address]] detail::noted<std::source_location> place_;
  std::uintptr_t parent_ = 0;  // the address of a frame, or of a task with the lowest bit set
};

}  // namespace hocket
