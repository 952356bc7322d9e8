// futex(2), by which the C++ library waits for atomics and for a function's static variables: by syscall(2), for the C library has no function of that
// name.

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdint>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/green/preload/green_thread.hpp>
#include <hocket/green/preload/waiter.hpp>

namespace preload = hocket::green::preload;

namespace {

preload::limit limit_of(long operation, const timespec* length) {
  if (length == nullptr) return std::nullopt;
  if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET)
    return preload::limit_on((operation & FUTEX_CLOCK_REALTIME) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, length);
  return std::chrono::steady_clock::now() + std::chrono::seconds(length->tv_sec) +
         std::chrono::nanoseconds(length->tv_nsec);
}

/// In a green thread.
long wait(const volatile std::uint32_t* address, std::uint32_t expected, preload::limit until) {
  preload::waiter mine(address);
  if (__atomic_load_n(address, __ATOMIC_SEQ_CST) != expected) return errno = EAGAIN, -1;
  return mine.wait(until) ? 0 : (errno = ETIMEDOUT, -1);
}

}  // namespace

extern "C" long syscall(long number, ...) {
  static const auto real = hocket::green::detail::real<decltype(::syscall)>("syscall");
  va_list given;
  va_start(given, number);
  long words[6];  // it takes so many at most
  for (long& each : words) each = va_arg(given, long);
  va_end(given);
  const auto pass_on = [&] { return real(number, words[0], words[1], words[2], words[3], words[4], words[5]); };
  if (number != SYS_futex || !hocket::green::is_patched()) return pass_on();
  const auto* const address = reinterpret_cast<const volatile std::uint32_t*>(words[0]);
  switch (words[1] & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      if (!preload::green_thread::waits_here()) return pass_on();
      return wait(address, static_cast<std::uint32_t>(words[2]),
                  limit_of(words[1], reinterpret_cast<const timespec*>(words[3])));
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET: {
      const auto most = static_cast<int>(words[2]);
      const auto woken = static_cast<int>(preload::wake(address, most > 0 ? static_cast<std::size_t>(most) : 0));
      words[2] = most - woken;
      const long others = words[2] > 0 ? pass_on() : 0;
      return others < 0 ? others : others + woken;
    }
    default:
      return pass_on();
  }
}
