#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <sys/types.h>

#include <hocket/base/arena.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/io/io_operation.hpp>
#include <hocket/loop/child_process.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::detail {

/// A child: what its owner, those who wait for it, and the task that reaps it have in common.
class child_record final : public arena_allocated {
 public:
  /// With `whole_group` the child leads a process group, which is killed with it; then it is kept as a zombie until its owner lets
  /// go, for so long the group's number is nobody else's.
  child_record(child_process started, bool whole_group);

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Once it has ended; then signals have no effect.
  [[nodiscard]] const std::optional<int>& returncode() const noexcept { return returncode_; }
  void signal(int number) noexcept;
  void signal_group(int number) noexcept;

  /// Nobody owns it any more: it is killed if it has not ended.
  void let_go() noexcept;

  static coro<int> wait(record_ref<child_record> self);
  /// Waits for its end, deaf to cancellation, and reaps it. One that nobody owns and that may not be killed (EPERM) does not hold
  /// up the end of a run: it is left behind then.
  static coro<void> watch(record_ref<child_record> self);

 private:
  ~child_record() = default;
  static coro<void> until_reaped(child_record& self);
  /// False if it has not ended.
  bool reap() noexcept;

  io_handle end_;  // its pidfd
  pid_t pid_;
  std::uint32_t references_ = 0;
  std::optional<int> returncode_;
  event ended_;
  const bool whole_group_;
  bool owned_ = true;
  bool has_number_ = true;        // it is not reaped
  cancel_scope* deaf_ = nullptr;  // of who watches it, unless it may not be killed
};

/// Whoever has started a child: it is killed when this goes, if it has not ended.
class owned_child {
 public:
  owned_child() noexcept = default;
  explicit owned_child(record_ref<child_record> started) noexcept : record_(std::move(started)) {}
  owned_child(owned_child&& other) noexcept : record_(std::move(other.record_)) {}
  owned_child& operator=(owned_child&& other) noexcept {
    let_go();
    record_ = std::move(other.record_);
    return *this;
  }
  ~owned_child() { let_go(); }

  void let_go() noexcept {
    if (const record_ref<child_record> gone = std::move(record_)) gone->let_go();
  }

  [[nodiscard]] const record_ref<child_record>& record() const noexcept { return record_; }
  child_record* operator->() const noexcept { return record_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(record_); }

 private:
  record_ref<child_record> record_;
};

}  // namespace hocket::detail
