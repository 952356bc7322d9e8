#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <hocket/deferred/deferred.hpp>
#include <hocket/deferred/detail/deferred_line.hpp>

namespace hocket {

/// A number of tokens, given in the order in which they were asked for. A handle, shared. Counterpart: twisted.internet.defer.DeferredSemaphore.
class deferred_semaphore {
 public:
  explicit deferred_semaphore(std::size_t tokens) : state_(std::make_shared<state>(state{tokens, tokens})) {}

  /// Has a result when there is a token. Cancelled before, it leaves the line.
  [[nodiscard]] deferred<> acquire() const;
  /// Gives a token back: to the first in line, at once. Throws `invalid_state_error` if none was taken.
  void release() const;

  /// Calls `function` with a token held until what it defers has ended. Counterpart: run.
  template <class Function>
  auto run(Function function) const {
    return acquire().add_callback([mine = *this, function = std::move(function)]() mutable {
      return maybe_deferred(std::move(function)).add_both([mine] { mine.release(); });
    });
  }

  [[nodiscard]] std::size_t tokens() const noexcept { return state_->tokens; }
  [[nodiscard]] std::size_t waiting() const noexcept { return state_->line.size(); }

 private:
  struct state {
    std::size_t tokens;
    std::size_t limit;
    detail::deferred_line<void> line{};
    bool is_handing_out = false;
  };
  std::shared_ptr<state> state_;
};

/// Counterpart: twisted.internet.defer.DeferredLock.
class deferred_lock : public deferred_semaphore {
 public:
  deferred_lock() : deferred_semaphore(1) {}
  [[nodiscard]] bool locked() const noexcept { return tokens() == 0; }
};

}  // namespace hocket
