// poll, select, epoll_wait: the system is asked without waiting, again and again, with waits for readiness in between. sleep and its kin.

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <vector>

#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/io/wait_readable.hpp>
#include <hocket/loop/loop.hpp>

namespace green_detail = hocket::green::detail;
using green_detail::may_wait_here;
using hocket::coro;
using hocket::duration;
using hocket::time_point;

void hocket::green::detail::keep_interposed_waits() noexcept {}

namespace {

using optional_time = std::optional<time_point>;

constexpr duration longest = std::chrono::hours(24 * 365);

optional_time deadline_in(const timespec& length) {
  const duration whole = std::chrono::seconds(std::min<long>(length.tv_sec, longest / std::chrono::seconds(1)));
  return hocket::loop::running().time_after(whole + std::chrono::nanoseconds(length.tv_nsec));
}

timespec from_milliseconds(int length) { return {.tv_sec = length / 1000, .tv_nsec = length % 1000 * 1'000'000L}; }

// A number that cannot be waited for, a file's or none, ends the wait: it is for the system to say what it is.
coro<void> wait_for_one(pollfd which, hocket::cancel_scope& all) {
  try {
    co_await hocket::detail::wait_ready_operation(which.fd, which.events);
  } catch (const std::system_error&) {
  }
  all.cancel();
}

coro<void> wait_for_any(const std::vector<pollfd>& which, optional_time deadline) {
  hocket::cancel_scope until_first({.deadline = deadline});
  const auto wait_for_each = [&](hocket::task_group& group) -> coro<void> {
    for (const pollfd& each : which)
      if (each.fd >= 0) group.create_task(wait_for_one(each, until_first));
    co_await hocket::sleep(longest);  // those who wait end this
  };
  co_await until_first.run(hocket::with_task_group(wait_for_each));
}

/// Asks until there is an answer, an error, or the time is over, which is 0.
template <class Ask>
int ask_until(const std::vector<pollfd>& which, optional_time deadline, std::source_location where, Ask ask) {
  if (!green_detail::may_begin(where)) return -1;
  for (;;) {
    const int found = ask();
    if (found != 0 || (deadline && hocket::loop::running().time() >= *deadline)) return found;
    if (!green_detail::wait_without_throwing(wait_for_any(which, deadline), where)) return -1;
  }
}

bool is_zero(const timespec* length) { return length != nullptr && length->tv_sec == 0 && length->tv_nsec == 0; }

optional_time deadline_of(const timespec* length) { return length != nullptr ? deadline_in(*length) : std::nullopt; }

constexpr timespec at_once{};

/// A signal mask is set for the time of a question only, not for the wait.
int poll_green(pollfd* which, nfds_t count, const timespec* length, const sigset_t* mask,
               std::source_location where = std::source_location::current()) {
  static const auto real = green_detail::real<decltype(::ppoll)>("ppoll");
  if (!may_wait_here() || is_zero(length)) return real(which, count, length, mask);
  return ask_until(std::vector(which, which + count), deadline_of(length), where,
                   [&] { return real(which, count, &at_once, mask); });
}

int select_green(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, const timespec* length,
                 const sigset_t* mask, std::source_location where = std::source_location::current()) {
  static const auto real = green_detail::real<decltype(::pselect)>("pselect");
  if (!may_wait_here() || is_zero(length)) return real(count, readable, writable, exceptional, length, mask);
  std::vector<pollfd> which;
  for (int number = 0; number < std::min(count, FD_SETSIZE); ++number) {
    const auto events = static_cast<short>((readable != nullptr && FD_ISSET(number, readable) ? POLLIN : 0) |
                                           (writable != nullptr && FD_ISSET(number, writable) ? POLLOUT : 0) |
                                           (exceptional != nullptr && FD_ISSET(number, exceptional) ? POLLPRI : 0));
    if (events != 0) which.push_back({.fd = number, .events = events, .revents = 0});
  }
  const auto copy = [](const fd_set* from) { return from != nullptr ? *from : fd_set{}; };
  const fd_set asked[] = {copy(readable), copy(writable), copy(exceptional)};
  const auto put = [](fd_set* to, const fd_set& from) {
    if (to != nullptr) *to = from;
  };
  return ask_until(which, deadline_of(length), where, [&] {
    put(readable, asked[0]);
    put(writable, asked[1]);
    put(exceptional, asked[2]);
    return real(count, readable, writable, exceptional, &at_once, mask);
  });
}

bool is_length(const timespec& length) noexcept {
  return length.tv_sec >= 0 && length.tv_nsec >= 0 && length.tv_nsec < 1'000'000'000;
}

/// False: cut short, errno says why.
bool sleep_green(const timespec& length, std::source_location where = std::source_location::current()) {
  return green_detail::may_begin(where) &&
         green_detail::wait_without_throwing(hocket::sleep(*deadline_in(length) - hocket::loop::running().time()),
                                             where);
}

}  // namespace

extern "C" {

int ppoll(pollfd* which, nfds_t count, const timespec* length, const sigset_t* mask) {
  return poll_green(which, count, length, mask);
}

int poll(pollfd* which, nfds_t count, int milliseconds) {
  const timespec length = from_milliseconds(std::max(milliseconds, 0));
  return poll_green(which, count, milliseconds < 0 ? nullptr : &length, nullptr);
}

int __poll_chk(pollfd* which, nfds_t count, int milliseconds, size_t room) {
  if (room / sizeof *which < count) std::abort();
  return poll(which, count, milliseconds);
}

int __ppoll_chk(pollfd* which, nfds_t count, const timespec* length, const sigset_t* mask, size_t room) {
  if (room / sizeof *which < count) std::abort();
  return poll_green(which, count, length, mask);
}

int pselect(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, const timespec* length,
            const sigset_t* mask) {
  return select_green(count, readable, writable, exceptional, length, mask);
}

int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* length) {
  timespec exact{};
  if (length != nullptr) exact = {.tv_sec = length->tv_sec, .tv_nsec = length->tv_usec * 1000};
  return select_green(count, readable, writable, exceptional, length != nullptr ? &exact : nullptr, nullptr);
}

int epoll_pwait(int set, epoll_event* events, int room, int milliseconds, const sigset_t* mask) {
  constexpr auto where = std::source_location::current();
  static const auto real = green_detail::real<decltype(::epoll_pwait)>("epoll_pwait");
  if (!may_wait_here() || milliseconds == 0) return real(set, events, room, milliseconds, mask);
  const timespec length = from_milliseconds(std::max(milliseconds, 0));
  return ask_until({{.fd = set, .events = POLLIN, .revents = 0}}, deadline_of(milliseconds < 0 ? nullptr : &length),
                   where, [&] { return real(set, events, room, 0, mask); });
}

int epoll_wait(int set, epoll_event* events, int room, int milliseconds) {
  return epoll_pwait(set, events, room, milliseconds, nullptr);
}

int nanosleep(const timespec* length, timespec* left) {
  static const auto real = green_detail::real<decltype(::nanosleep)>("nanosleep");
  if (!may_wait_here()) return real(length, left);
  if (!is_length(*length)) return errno = EINVAL, -1;
  if (sleep_green(*length)) return 0;
  if (left != nullptr) *left = *length;
  return -1;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* length, timespec* left) {
  static const auto real = green_detail::real<decltype(::clock_nanosleep)>("clock_nanosleep");
  if (!may_wait_here()) return real(clock, flags, length, left);
  if (!is_length(*length)) return EINVAL;
  timespec wanted = *length;
  if ((flags & TIMER_ABSTIME) != 0) {
    timespec now{};
    if (::clock_gettime(clock, &now) != 0) return errno;
    const duration rest =
        std::chrono::seconds(length->tv_sec - now.tv_sec) + std::chrono::nanoseconds(length->tv_nsec - now.tv_nsec);
    if (rest <= duration::zero()) return 0;
    wanted = {.tv_sec = rest / std::chrono::seconds(1), .tv_nsec = (rest % std::chrono::seconds(1)).count()};
  }
  if (sleep_green(wanted)) return 0;
  if (left != nullptr && (flags & TIMER_ABSTIME) == 0) *left = wanted;
  return errno;
}

int usleep(useconds_t microseconds) {
  const timespec length{.tv_sec = microseconds / 1'000'000, .tv_nsec = microseconds % 1'000'000 * 1000L};
  return nanosleep(&length, nullptr);
}

// Cut short by a cancellation it says nothing of what is left, or a loop around it would sleep for ever.
unsigned sleep(unsigned seconds) {
  static const auto real = green_detail::real<decltype(::sleep)>("sleep");
  if (!may_wait_here()) return real(seconds);
  sleep_green({.tv_sec = static_cast<time_t>(seconds), .tv_nsec = 0});
  return 0;
}
}
