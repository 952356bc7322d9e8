#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket {

/// A barrier was broken by `abort`, or reset while tasks waited at it. Counterpart: asyncio.BrokenBarrierError.
class broken_barrier_error : public error {
 public:
  broken_barrier_error() : error("the barrier was aborted or reset") {}
};

/// A place at which `parties` tasks wait until all of them are there; then all go on, and it can be used again.
///
/// It is *filling* until the last one comes, then *draining* until all have gone on; who comes while it drains waits until it
/// is filling again. `reset` makes it drain with an error (*resetting*). `abort` makes it *broken*.
///
/// Belongs to one loop; must outlive those who wait, cancelled or not, for they are counted until they have gone (checked).
/// Counterpart: asyncio.Barrier.
class barrier {
 public:
  class wait_operation;

  /// Throws std::invalid_argument if `parties` is 0.
  explicit barrier(std::size_t parties) : parties_(parties) {
    if (parties == 0) throw std::invalid_argument("a barrier needs at least one party");
  }
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;
  ~barrier() { HOCKET_ASSERT(count_ == 0 && waiters_.empty(), "a barrier was destroyed while tasks waited at it"); }

  /// Waits until all are there. Gives each a number from 0 to `parties() - 1`, in order of arrival; the last one does not
  /// suspend. Throws `broken_barrier_error`, and `cancelled`: then it no longer counts, from when it has been resumed.
  [[nodiscard]] wait_operation wait() noexcept;

  /// Those who wait get `broken_barrier_error`; once they have gone, the barrier is as new. Mends a broken one.
  /// Unlike asyncio's never waits.
  void reset() noexcept {
    state_ = count_ > 0 ? state::resetting : state::filling;
    detail::wake_all(waiters_);
  }

  /// Breaks the barrier: those who wait, and those who come, get `broken_barrier_error`, until `reset`.
  void abort() noexcept {
    state_ = state::broken;
    detail::wake_all(waiters_);
  }

  [[nodiscard]] std::size_t parties() const noexcept { return parties_; }
  /// How many wait for the others to come; 0 unless it is filling.
  [[nodiscard]] std::size_t n_waiting() const noexcept { return state_ == state::filling ? count_ : 0; }
  [[nodiscard]] bool broken() const noexcept { return state_ == state::broken; }

 private:
  enum class state : std::uint8_t { filling, draining, resetting, broken };

  [[nodiscard]] bool must_stay_outside() const noexcept {
    return state_ == state::draining || state_ == state::resetting;
  }
  void open() noexcept {
    state_ = state::draining;
    detail::wake_all(waiters_);
  }
  void leave() noexcept {
    if (--count_ > 0) return;
    if (must_stay_outside()) state_ = state::filling;
    detail::wake_all(waiters_);
  }

  std::size_t parties_;
  std::size_t count_ = 0;  // inside: came while it was filling and have not gone on
  state state_ = state::filling;
  ready_queue waiters_;  // inside and outside, in order of arrival
};

/// Waits outside until the barrier is filling, then, unless it is the last to come, inside.
class barrier::wait_operation final : public detail::waiter_at<barrier> {
 public:
  using waiter_at::waiter_at;

  [[nodiscard]] bool await_ready() const noexcept { return !owner().must_stay_outside() && need_not_wait_inside(); }
  void await_suspend(std::coroutine_handle<> handle) {
    prepare(handle);
    if (!owner().must_stay_outside()) enter();
    owner().waiters_.push_back(*this);
    begin_waiting();
  }
  std::size_t await_resume() {
    if (inside_) {
      const bool released = owner().state_ == state::draining;
      owner().leave();
      resumed();
      if (!released) throw broken_barrier_error();
      return index_;
    }
    resumed();
    if (owner().broken()) throw broken_barrier_error();
    enter();
    owner().open();
    owner().leave();
    return index_;
  }

  void run() noexcept override {
    if (!may_go_on()) return resume();
    if (!inside_ && !owner().must_stay_outside() && !need_not_wait_inside()) enter();
    const bool stays = inside_ ? owner().state_ == state::filling : owner().must_stay_outside();
    if (stays)
      line_up_again(owner().waiters_);
    else
      resume();
  }

 private:
  [[nodiscard]] bool need_not_wait_inside() const noexcept {
    return owner().broken() || owner().count_ + 1 == owner().parties_;
  }
  void enter() noexcept {
    inside_ = true;
    index_ = owner().count_++;
  }

  bool inside_ = false;
  std::size_t index_ = 0;
};

inline auto barrier::wait() noexcept -> wait_operation { return wait_operation(*this); }

}  // namespace hocket
