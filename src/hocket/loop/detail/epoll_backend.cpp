// Quirks, each with its reason:
// - epoll_pwait2 (Linux 5.11) takes nanoseconds; epoll_wait would round a deadline to milliseconds. Older kernels: rounded up.
// - A number that was duplicated (dup, fork) stays in the interest list after close and would report to a freed record:
//   hence the explicit EPOLL_CTL_DEL.
// - What is borrowed may be closed before it is given back, and then stays in the list if it was duplicated, out of reach: so it
//   is told by its number and which watch it is, not by its address.
// - A number stands in the list once: of a borrowed one that this loop has as well a duplicate is watched.

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/loop/detail/epoll_backend.hpp>

namespace hocket {

static constexpr int most_events = 512;
static constexpr std::uint64_t woken = 0;

static int check(int returned, const char* what) {
  if (returned < 0) throw std::system_error(errno, std::system_category(), what);
  return returned;
}

epoll_backend::epoll_backend(loop& owner) : readiness_backend(owner) {
  epoll_ = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  try {
    wake_ = check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
    epoll_event event{.events = EPOLLIN, .data = {.u64 = woken}};
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

// In the list each has a token: 0 is `wake_`, an odd one stands for what is borrowed, any other is the record's address.
static std::uint64_t token_of(const descriptor& target) noexcept {
  if (!target.is_borrowed()) return reinterpret_cast<std::uintptr_t>(&target);
  return std::uint64_t{target.ready.place} << 32 | static_cast<std::uint32_t>(target.number()) << 1 | 1;
}

descriptor* epoll_backend::target_of(std::uint64_t token) const noexcept {
  if ((token & 1) == 0) return reinterpret_cast<descriptor*>(static_cast<std::uintptr_t>(token));
  descriptor* const found = borrowed(static_cast<std::uint32_t>(token) >> 1);
  return found != nullptr && found->ready.watched && found->ready.place == token >> 32 ? found : nullptr;
}

// By which the list knows it.
static int watched_number(const descriptor& target) noexcept {
  if (target.is_borrowed())
    if (const int other = static_cast<const borrowed_number&>(target).stand_in; other >= 0) return other;
  return target.number();
}

int epoll_backend::control(int operation, descriptor& target) noexcept {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = token_of(target)}};
  return ::epoll_ctl(epoll_, operation, watched_number(target), &event) == 0 ? 0 : errno;
}

static void close_stand_in(descriptor& target) noexcept {
  if (!target.is_borrowed()) return;
  if (int& other = static_cast<borrowed_number&>(target).stand_in; other >= 0) ::close(std::exchange(other, -1));
}

int epoll_backend::watch_stand_in(descriptor& target) noexcept {
  int& other = static_cast<borrowed_number&>(target).stand_in;
  other = ::fcntl(target.number(), F_DUPFD_CLOEXEC, 3);
  if (other < 0) return errno;
  const int error = control(EPOLL_CTL_ADD, target);
  if (error != 0) close_stand_in(target);
  return error;
}

// The list has a number once. Of an owner and a borrower the latter makes room, whoever came first.
int epoll_backend::watch(descriptor& target) noexcept {
  if (target.is_borrowed()) target.ready.place = ++borrowed_watches_;
  const int error = control(EPOLL_CTL_ADD, target);
  if (error != EEXIST) return error;
  if (target.is_borrowed()) return watch_stand_in(target);
  descriptor* const borrower = borrowed(static_cast<std::size_t>(target.number()));
  if (borrower == nullptr || !borrower->ready.watched) return error;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, target.number(), nullptr);
  if (const int failed = watch_stand_in(*borrower); failed != 0) {
    control(EPOLL_CTL_ADD, *borrower);
    return failed;
  }
  return control(EPOLL_CTL_ADD, target);
}

// A change of an edge-triggered entry, even to what it is, reports it again if it is ready (epoll_ctl(2)).
void epoll_backend::watch_again(descriptor& target) noexcept {
  const int error = control(EPOLL_CTL_MOD, target);
  HOCKET_ASSERT(error == 0, "epoll_ctl failed on a descriptor that it knows");
}

void epoll_backend::forget(descriptor& target) noexcept {
  if (target.ready.watched && is_in_own_process()) ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watched_number(target), nullptr);
  close_stand_in(target);
}

void epoll_backend::check_watched(descriptor& target) noexcept {
  if (control(EPOLL_CTL_MOD, target) == 0) return;
  close_stand_in(target);
  target.ready.watched = false;
  target.ready.may_read = target.ready.may_write = true;
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
    const std::uint64_t token = events[static_cast<std::size_t>(i)].data.u64;
    if (token == woken) {
      std::uint64_t ignored = 0;
      static_cast<void>(::read(wake_, &ignored, sizeof ignored));
      continue;
    }
    descriptor* const target = target_of(token);
    if (target == nullptr) continue;
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
