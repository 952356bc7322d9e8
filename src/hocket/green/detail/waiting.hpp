#pragma once

// How the functions in the place of the C library's wait. None throws; errno says what is wrong.

#include <cerrno>
#include <chrono>
#include <concepts>
#include <optional>
#include <source_location>
#include <system_error>
#include <utility>

#include <dlfcn.h>
#include <poll.h>

#include <hocket/core/cancelled.hpp>
#include <hocket/green/detail/at_once.hpp>
#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/wait.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::green::detail {

/// The C library's own function, which this one hides.
template <class Function>
Function* real(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// At the beginning of each call: every 64th lets others run, however much there is to be had. False: the green thread was cancelled, errno is
/// ECANCELED; one that calls again all the same is held up for a millisecond each time, so that no loop in C keeps the loop from running.
[[nodiscard]] bool may_begin(std::source_location where = std::source_location::current()) noexcept;

/// Runs `waits`, which waits for something. False: errno is ECANCELED if the green thread was cancelled, ETIMEDOUT for a time-out, EBADF where a
/// number was closed, the system's error, or ENOMEM.
template <std::invocable Function>
bool without_throwing(Function waits) noexcept {
  try {
    waits();
    return true;
  } catch (const cancelled&) {
    fiber::current()->interrupt(std::current_exception());
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

/// Waits for anything. False as above.
template <class Awaitable>
bool wait_without_throwing(Awaitable&& work, std::source_location where = std::source_location::current()) noexcept {
  return without_throwing([&] { static_cast<void>(wait_on(*fiber::current(), std::forward<Awaitable>(work), where)); });
}

/// Waits until `number` is ready for one of `events` of poll(2), for at most `limit`. False as above.
[[nodiscard]] bool wait_for(int number, short events, std::optional<duration> limit = std::nullopt,
                            std::source_location where = std::source_location::current()) noexcept;

/// `number` is about to be closed by a green thread or its loop: what waits for it there ends, with EBADF. Leaves errno as it is.
void end_waits_on(int number) noexcept;

/// A call on a descriptor that its owner expects to block, in all for as long as SO_RCVTIMEO or SO_SNDTIMEO says, whose end is EAGAIN as socket(7) has
/// it; for other descriptors, and where nothing is set, for any time.
class blocking_call {
 public:
  /// `where`: the function that is in the place of the C library's.
  blocking_call(int number, short events, std::source_location where = std::source_location::current()) noexcept
      : number_(number), events_(events), where_(where) {}

  /// Calls `call`, which does not block, until it does not say EAGAIN, and waits in between. A descriptor that is set so by its owner, which
  /// `is_set` tells, gets that EAGAIN.
  template <class Call>
  auto until_done(Call call) noexcept -> decltype(call()) {
    return until_done(call, [this] { return is_nonblocking(number_); });
  }
  template <class Call, class IsSet>
  auto until_done(Call call, IsSet is_set) noexcept -> decltype(call()) {
    if (!may_begin_on_descriptor()) return -1;
    for (bool is_again = false;; is_again = true) {
      const auto done = call();
      if (done >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return done;
      if (!is_again && is_set()) {  // later it may be set for the one call of another process
        errno = EAGAIN;
        return done;
      }
      if (!wait(is_again)) return -1;
    }
  }
  /// Until it may be worth to try again. `is_again`: it was ready before, and yet not: then for a moment.
  [[nodiscard]] bool wait(bool is_again) noexcept;

 private:
  [[nodiscard]] bool may_begin_on_descriptor() noexcept;
  [[nodiscard]] std::optional<duration> left() noexcept;

  int number_;
  short events_;
  std::source_location where_;
  bool knows_deadline_ = false;
  std::optional<time_point> deadline_;
};

}  // namespace hocket::green::detail
