#pragma once

// How the functions in the place of the C library's wait. None throws; errno says what is wrong.

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include <dlfcn.h>
#include <poll.h>

#include <hocket/core/cancelled.hpp>
#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/wait.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::green::detail {

/// The C library's own function, which this one hides.
template <class Function>
Function* real(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// Waits for anything. False: errno is ECANCELED if the green thread was cancelled, ETIMEDOUT for a time-out, the system's error, or ENOMEM.
template <class Awaitable>
bool wait_without_throwing(Awaitable&& work) noexcept {
  fiber& here = *fiber::current();
  if (here.is_interrupted()) {
    errno = ECANCELED;
    return false;
  }
  try {
    static_cast<void>(green::wait(std::forward<Awaitable>(work)));
    return true;
  } catch (const cancelled&) {
    here.interrupt(std::current_exception());
    errno = ECANCELED;
  } catch (const timeout_error&) {
    errno = ETIMEDOUT;
  } catch (const std::system_error& failed) {
    const bool was_closed = failed.code() == std::errc::operation_canceled;  // by another green thread
    errno = was_closed ? EBADF : failed.code().value();
  } catch (...) {
    errno = ENOMEM;
  }
  return false;
}

/// Waits until `number` is ready for one of `events` of poll(2), for at most `limit`. False as above.
[[nodiscard]] bool wait_for(int number, short events, std::optional<duration> limit = std::nullopt) noexcept;

/// The same by the time-out that is set for a socket, SO_RCVTIMEO or SO_SNDTIMEO, whose end is EAGAIN as socket(7) has it; without one for other
/// descriptors.
[[nodiscard]] bool wait_by_option(int number, short events) noexcept;

/// O_NONBLOCK: who set it wants EAGAIN, and no waiting.
[[nodiscard]] bool is_nonblocking(int number) noexcept;

/// Whether somebody waits for data rather than for room.
constexpr short receiving = POLLIN;
constexpr short sending = POLLOUT;

/// Calls `call`, which does not block, until it does not say EAGAIN, and waits in between. A descriptor that is set so by its owner gets that EAGAIN.
template <class Call>
auto until_done(int number, short events, Call call) noexcept -> decltype(call()) {
  for (;;) {
    const auto done = call();
    if (done >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return done;
    if (is_nonblocking(number)) {
      errno = EAGAIN;
      return done;
    }
    if (!wait_by_option(number, events)) return -1;
  }
}

}  // namespace hocket::green::detail
