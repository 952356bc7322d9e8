// poll, select, epoll_wait: the system is asked without waiting, again and again, with waits for readiness in between. sleep and its kin.

#include <algorithm>
#include <cstdlib>
#include <new>
#include <vector>

#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include <hocket/core/sleep.hpp>
#include <hocket/green/detail/descriptor_set.hpp>
#include <hocket/green/detail/interposed.hpp>
#include <hocket/green/detail/selected.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/loop/loop.hpp>

namespace green_detail = hocket::green::detail;
using green_detail::may_wait_here;
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

timeval to_timeval(duration length) {
  return {.tv_sec = length / std::chrono::seconds(1),
          .tv_usec = length % std::chrono::seconds(1) / std::chrono::microseconds(1)};
}

timespec from_milliseconds(int length) { return {.tv_sec = length / 1000, .tv_nsec = length % 1000 * 1'000'000L}; }

/// Asks until there is an answer, an error, or the time is over, which is 0. A question does not wait. `which` gives what is waited for in between,
/// and is not asked if there is an answer at once.
template <class Which, class Ask>
int ask_until(Which which, optional_time deadline, std::source_location where, Ask ask) noexcept {
  if (!green_detail::may_begin(where)) return -1;
  int found = ask();
  const auto is_over = [&] { return found != 0 || (deadline && hocket::loop::running().time() >= *deadline); };
  if (is_over()) return found;
  try {
    green_detail::descriptor_set waited_for(which());
    do {
      if (!waited_for.wait(deadline, where)) return -1;
      found = ask();
    } while (!is_over());
    return found;
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return -1;
  }
}

bool is_length(const timespec& length) noexcept {
  return length.tv_sec >= 0 && length.tv_nsec >= 0 && length.tv_nsec < 1'000'000'000;
}

optional_time deadline_of(const timespec* length) { return length != nullptr ? deadline_in(*length) : std::nullopt; }

constexpr timespec at_once{};

/// A signal mask is set for the time of a question only, not for the wait.
int poll_green(pollfd* which, nfds_t count, const timespec* length, const sigset_t* mask,
               std::source_location where = std::source_location::current()) {
  static const auto real = green_detail::real<decltype(::ppoll)>("ppoll");
  if (length != nullptr && !is_length(*length)) return errno = EINVAL, -1;
  return ask_until([=] { return std::vector(which, which + count); }, deadline_of(length), where,
                   [=] { return real(which, count, &at_once, mask); });
}

/// `left`: where the rest of the time goes, as select(2) has it on Linux.
int select_green(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, const timespec* length,
                 const sigset_t* mask, timeval* left = nullptr,
                 std::source_location where = std::source_location::current()) noexcept {
  static const auto real = green_detail::real<decltype(::pselect)>("pselect");
  if (count < 0 || (length != nullptr && !is_length(*length))) return errno = EINVAL, -1;
  if (count > FD_SETSIZE) count = std::min(count, std::max(FD_SETSIZE, ::getdtablesize()));  // nothing beyond is open
  const optional_time deadline = deadline_of(length);
  try {
    green_detail::selected readable_ones(readable, count);
    green_detail::selected writable_ones(writable, count);
    green_detail::selected exceptional_ones(exceptional, count);
    const auto which = [&] {
      std::vector<pollfd> all;
      readable_ones.add_to(all, POLLIN);
      writable_ones.add_to(all, POLLOUT);
      exceptional_ones.add_to(all, POLLPRI);
      return all;
    };
    const int found = ask_until(which, deadline, where, [&] {
      return real(count, readable_ones.question(), writable_ones.question(), exceptional_ones.question(), &at_once,
                  mask);
    });
    if (left != nullptr && deadline) *left = to_timeval(std::max(*deadline - hocket::loop::running().time(), {}));
    if (found < 0) return found;
    readable_ones.give_answer();
    writable_ones.give_answer();
    exceptional_ones.give_answer();
    return found;
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return -1;
  }
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
  static const auto real = green_detail::real<decltype(::ppoll)>("ppoll");
  return may_wait_here() ? poll_green(which, count, length, mask) : real(which, count, length, mask);
}

int poll(pollfd* which, nfds_t count, int milliseconds) {
  static const auto real = green_detail::real<decltype(::poll)>("poll");
  if (!may_wait_here()) return real(which, count, milliseconds);
  const timespec length = from_milliseconds(std::max(milliseconds, 0));
  return poll_green(which, count, milliseconds < 0 ? nullptr : &length, nullptr);
}

int __poll_chk(pollfd* which, nfds_t count, int milliseconds, size_t room) {
  if (room / sizeof *which < count) std::abort();
  return poll(which, count, milliseconds);
}

int __ppoll_chk(pollfd* which, nfds_t count, const timespec* length, const sigset_t* mask, size_t room) {
  if (room / sizeof *which < count) std::abort();
  return ppoll(which, count, length, mask);
}

int pselect(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, const timespec* length,
            const sigset_t* mask) {
  static const auto real = green_detail::real<decltype(::pselect)>("pselect");
  return may_wait_here() ? select_green(count, readable, writable, exceptional, length, mask)
                         : real(count, readable, writable, exceptional, length, mask);
}

int select(int count, fd_set* readable, fd_set* writable, fd_set* exceptional, timeval* length) {
  static const auto real = green_detail::real<decltype(::select)>("select");
  if (!may_wait_here()) return real(count, readable, writable, exceptional, length);
  if (length == nullptr) return select_green(count, readable, writable, exceptional, nullptr, nullptr);
  if (length->tv_sec < 0 || length->tv_usec < 0) return errno = EINVAL, -1;
  const timespec exact{.tv_sec = length->tv_sec + length->tv_usec / 1'000'000,
                       .tv_nsec = length->tv_usec % 1'000'000 * 1000};
  return select_green(count, readable, writable, exceptional, &exact, nullptr, length);
}

int epoll_pwait(int set, epoll_event* events, int room, int milliseconds, const sigset_t* mask) {
  constexpr auto where = std::source_location::current();
  static const auto real = green_detail::real<decltype(::epoll_pwait)>("epoll_pwait");
  if (!may_wait_here()) return real(set, events, room, milliseconds, mask);
  const timespec length = from_milliseconds(std::max(milliseconds, 0));
  const auto which = [set] { return std::vector<pollfd>{{.fd = set, .events = POLLIN, .revents = 0}}; };
  return ask_until(which, deadline_of(milliseconds < 0 ? nullptr : &length), where,
                   [=] { return real(set, events, room, 0, mask); });
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
