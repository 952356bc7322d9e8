#pragma once

#include <source_location>

#include <hocket/core/timeout.hpp>
#include <hocket/green/wait.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::green {

/// `hocket::event` with the waiting of green threads; coroutines may await the same one, by `shared`. Counterpart: gevent.event.Event.
class event {
 public:
  [[nodiscard]] bool is_set() const noexcept { return shared_.is_set(); }
  void set() noexcept { shared_.set(); }
  void clear() noexcept { shared_.clear(); }

  /// Waits until it is set.
  void wait(std::source_location where = std::source_location::current()) { green::wait(shared_.wait(), where); }
  /// The same for at most `limit`. False: it was not set in time.
  bool wait(delay limit, std::source_location where = std::source_location::current()) {
    hocket::timeout bound(limit);
    try {
      green::wait(bound.run(shared_.wait()), where);
    } catch (const timeout_error&) {
      if (!bound.expired()) throw;
    }
    return shared_.is_set();
  }

  [[nodiscard]] hocket::event& shared() noexcept { return shared_; }

 private:
  hocket::event shared_;
};

}  // namespace hocket::green
