#pragma once

#include <vector>

#include <poll.h>

#include <hocket/loop/detail/readiness_backend.hpp>

namespace hocket {

/// A backend on a call that is told all that is watched each time, poll(2) for one. It costs what is watched, not what
/// happens: for systems without better, and for comparison.
class watch_list_backend : public readiness_backend {
 public:
  explicit watch_list_backend(loop& owner);
  ~watch_list_backend() override;

  void collect(std::optional<std::chrono::nanoseconds> limit) final;
  void wake() noexcept final;

 protected:
  [[nodiscard]] int wake_number() const noexcept { return wake_; }
  /// Waits until something of what the entries ask for has happened, at most so long (nothing: without end), and sets their
  /// `revents`. Gives a count, or -1 with errno.
  [[nodiscard]] virtual int wait(std::vector<pollfd>& entries, const timespec* limit) noexcept = 0;

 private:
  [[nodiscard]] int watch(descriptor& target) noexcept final;
  void watch_again(descriptor&) noexcept final {}  // what is ready is reported each time
  void forget(descriptor& target) noexcept final;
  void list_what_is_waited_for();

  int wake_ = -1;                     // an eventfd
  std::vector<descriptor*> watched_;  // each knows its place
  std::vector<pollfd> entries_;       // of a call: first `wake_`
  std::vector<descriptor*> waiting_;  // whose entries they are, but for the first
};

}  // namespace hocket
