#pragma once

#include <algorithm>
#include <cstddef>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::http::detail {

/// A number of slots that may change while they are in use: first come, first served.
class changeable_slots {
 public:
  explicit changeable_slots(std::size_t total) noexcept : total_(total) {}
  changeable_slots(const changeable_slots&) = delete;

  /// True if `acquire` would wait.
  [[nodiscard]] bool locked() const noexcept { return used_ >= total_ || !line_.empty(); }
  /// More are in use than there are by now.
  [[nodiscard]] bool overdrawn() const noexcept { return used_ > total_; }

  /// Waits for a slot. Throws `cancelled`; never has one when it throws.
  [[nodiscard]] coro<void> acquire() {
    if (!locked()) {
      ++used_;
      co_return;
    }
    waiter mine;
    line_.push_back(mine);
    try {
      co_await mine.turn.wait();
    } catch (...) {
      if (mine.is_linked())
        mine.unlink();
      else
        release();
      throw;
    }
  }
  /// Takes a slot if that needs no waiting.
  [[nodiscard]] bool try_acquire() noexcept {
    if (locked()) return false;
    ++used_;
    return true;
  }
  void release() noexcept {
    --used_;
    admit();
  }

  /// If that is fewer than are in use, nobody loses one.
  void set_total(std::size_t total) noexcept {
    total_ = total;
    admit();
  }
  /// There are that many, or as many as before if that is more.
  void require_total(std::size_t least) noexcept { set_total(std::max(total_, least)); }

 private:
  struct waiter : list_link<> {
    event turn;
  };

  void admit() noexcept {
    while (used_ < total_ && !line_.empty()) {
      ++used_;
      line_.pop_front().turn.set();
    }
  }

  std::size_t total_;
  std::size_t used_ = 0;
  intrusive_list<waiter> line_;
};

}  // namespace hocket::http::detail
