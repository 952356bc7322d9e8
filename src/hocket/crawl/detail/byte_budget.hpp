#pragma once

#include <cstddef>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::crawl::detail {

/// How many bytes the tasks of one loop may hold in all. What is over that waits, but for one who goes on all the same: so there is always
/// somebody who comes to an end and lets go.
class byte_budget {
 public:
  /// What one task holds; it lets go at its end. Must not outlive the budget.
  class share {
   public:
    explicit share(byte_budget& of) noexcept : of_(of) {}
    share(const share&) = delete;
    share& operator=(const share&) = delete;
    ~share() { of_.let_go(*this); }

    /// So many from now on, instead of those before. Does not wait.
    void hold(std::size_t bytes) noexcept {
      of_.held_ += bytes - std::exchange(bytes_, bytes);
      of_.tell();
    }

    /// Before this share becomes larger by what is not known yet: waits until the budget is not spent, or until it is this one's turn to
    /// overdraw it. Whoever was let go on so waits for nobody else who asks for that. Throws `cancelled`.
    [[nodiscard]] coro<void> wait_to_grow();

   private:
    friend byte_budget;
    byte_budget& of_;
    std::size_t bytes_ = 0;
  };

  explicit byte_budget(std::size_t most) noexcept : most_(most) {}

  [[nodiscard]] bool is_spent() const noexcept { return held_ >= most_; }

  /// Before another share: waits until it is not spent. Throws `cancelled`.
  [[nodiscard]] coro<void> wait_to_begin();

 private:
  void tell() noexcept {
    if (!is_spent()) changed_.set();
  }
  void let_go(share& whose) noexcept;

  std::size_t most_;
  std::size_t held_ = 0;
  share* overdrawn_by_ = nullptr;
  event changed_;  // there may be room, or nobody overdraws any more
};

}  // namespace hocket::crawl::detail
