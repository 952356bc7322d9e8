#pragma once

#include <optional>

#include <hocket/loop/clock.hpp>

namespace hocket {

/// What the host of a loop polls: readable when another descriptor is, or when a time has come. epoll(7), timerfd_create(2)
class guest_descriptor {
 public:
  /// Throws std::system_error.
  explicit guest_descriptor(int polled);
  ~guest_descriptor();
  guest_descriptor(const guest_descriptor&) = delete;

  [[nodiscard]] int number() const noexcept { return set_; }

  /// Readable `after` that time from `now`; zero: at once; nothing: as the other descriptor has it. Until it is set again.
  void set(std::optional<duration> after, time_point now) noexcept;

 private:
  int set_ = -1;
  int timer_ = -1;
  std::optional<time_point> due_;
};

}  // namespace hocket
