#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <hocket/base/assert.hpp>
#include <hocket/loop/guest_descriptor.hpp>

namespace hocket {

static void add(int set, int number) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = number}};
  if (::epoll_ctl(set, EPOLL_CTL_ADD, number, &event) != 0)
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
}

guest_descriptor::guest_descriptor(int polled) {
  try {
    set_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (set_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);  // that of std::chrono::steady_clock
    if (timer_ < 0) throw std::system_error(errno, std::system_category(), "timerfd_create");
    add(set_, polled);
    add(set_, timer_);
  } catch (...) {
    if (timer_ >= 0) ::close(timer_);
    if (set_ >= 0) ::close(set_);
    throw;
  }
}

guest_descriptor::~guest_descriptor() {
  ::close(timer_);
  ::close(set_);
}

// A timer that has gone off stays readable until it is set again.
void guest_descriptor::set(std::optional<duration> after, time_point now) noexcept {
  std::optional<time_point> due;
  if (after && *after <= duration::zero())
    due = time_point(duration(1));  // long past
  else if (after && *after <= time_point::max() - now)
    due = now + *after;
  const bool went_off = due_ && *due_ <= now && due != time_point(duration(1));
  if (due == due_ && !went_off) return;
  due_ = due;
  itimerspec when{};  // never
  if (due) {
    const auto since = due->time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    when.it_value = {.tv_sec = seconds.count(), .tv_nsec = (since - seconds).count()};
  }
  const int failed = ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
  HOCKET_ASSERT(failed == 0, "timerfd_settime failed");
}

}  // namespace hocket
