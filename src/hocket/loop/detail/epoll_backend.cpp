// Quirks, each with its reason:
// - epoll_pwait2 (Linux 5.11) takes nanoseconds; epoll_wait would round a deadline to milliseconds. Older kernels: rounded up.
// - A number that was duplicated (dup, fork) stays in the interest list after close and would report to a freed record:
//   hence the explicit EPOLL_CTL_DEL.

#include <array>
#include <cerrno>
#include <system_error>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/loop/detail/epoll_backend.hpp>

namespace hocket {

static constexpr int most_events = 512;

static int check(int returned, const char* what) {
  if (returned < 0) throw std::system_error(errno, std::system_category(), what);
  return returned;
}

epoll_backend::epoll_backend(loop& owner) : readiness_backend(owner) {
  epoll_ = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  try {
    wake_ = check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
    epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
    check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
  } catch (...) {
    if (wake_ >= 0) ::close(wake_);
    ::close(epoll_);
    throw;
  }
}

epoll_backend::~epoll_backend() {
  ::close(wake_);
  ::close(epoll_);
}

int epoll_backend::control(int operation, descriptor& target) noexcept {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &target}};
  return ::epoll_ctl(epoll_, operation, target.number(), &event) == 0 ? 0 : errno;
}

int epoll_backend::watch(descriptor& target) noexcept { return control(EPOLL_CTL_ADD, target); }

// A change of an edge-triggered entry, even to what it is, reports it again if it is ready (epoll_ctl(2)).
void epoll_backend::watch_again(descriptor& target) noexcept {
  const int error = control(EPOLL_CTL_MOD, target);
  HOCKET_ASSERT(error == 0, "epoll_ctl failed on a descriptor that it knows");
}

void epoll_backend::forget(descriptor& target) noexcept {
  if (target.ready.watched && is_in_own_process()) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, target.number(), nullptr);
}

static int wait_for_events(int epoll, epoll_event* events, std::optional<std::chrono::nanoseconds> limit) noexcept {
  if (!limit || limit->count() <= 0) return ::epoll_wait(epoll, events, most_events, limit ? 0 : -1);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*limit);
  const timespec time{.tv_sec = seconds.count(), .tv_nsec = (*limit - seconds).count()};
  const int count = ::epoll_pwait2(epoll, events, most_events, &time, nullptr);
  if (count >= 0 || errno != ENOSYS) return count;
  const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(*limit).count();
  return ::epoll_wait(epoll, events, most_events, static_cast<int>(std::min<long>(rounded, INT32_MAX)));
}

void epoll_backend::collect(std::optional<std::chrono::nanoseconds> limit) {
  require_own_process();
  std::array<epoll_event, most_events> events;
  const int count = wait_for_events(epoll_, events.data(), limit);
  if (count < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), "epoll_wait");
  for (int i = 0; i < count; ++i) {
    auto* target = static_cast<descriptor*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (target == nullptr) {
      std::uint64_t ignored = 0;
      static_cast<void>(::read(wake_, &ignored, sizeof ignored));
      continue;
    }
    const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
    const bool broken = (what & (EPOLLERR | EPOLLHUP)) != 0;
    became_ready(*target, broken || (what & (EPOLLIN | EPOLLRDHUP)) != 0, broken || (what & EPOLLOUT) != 0,
                 broken || (what & EPOLLRDHUP) != 0);
  }
}

void epoll_backend::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
}

}  // namespace hocket
