#include <algorithm>

#include <sys/socket.h>
#include <sys/time.h>

#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/green/detail/at_once.hpp>
#include <hocket/green/detail/descriptor_set.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/io/wait_readable.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::green::detail {

using hocket::detail::wait_ready_operation;

namespace {

/// Lets others run. False: the green thread was cancelled.
bool give_way(std::source_location where) noexcept {
  fiber& here = *fiber::current();
  if (here.is_interrupted()) {
    const std::exception_ptr interruption = here.take_interruption();
    wait_without_throwing(hocket::sleep(std::chrono::milliseconds(1)), where);
    here.interrupt(interruption);
    errno = ECANCELED;
    return false;
  }
  return wait_without_throwing(hocket::sleep(duration::zero()), where);
}

}  // namespace

bool wait_for(int number, short events, std::optional<duration> limit, std::source_location where) noexcept {
  if (!limit) return wait_without_throwing(wait_ready_operation(number, events), where);
  const auto ready = [=] { return wait_ready_operation(number, events); };
  return without_throwing([&] { wait_on(*fiber::current(), hocket::with_timeout(*limit, ready), where); });
}

std::optional<duration> blocking_call::left() noexcept {
  const time_point now = loop::running().time();
  if (!std::exchange(knows_deadline_, true)) {
    timeval limit{};
    socklen_t size = sizeof limit;
    const int option = events_ == POLLOUT ? SO_SNDTIMEO : SO_RCVTIMEO;
    const bool is_limited =
        ::getsockopt(number_, SOL_SOCKET, option, &limit, &size) == 0 && (limit.tv_sec != 0 || limit.tv_usec != 0);
    if (is_limited) deadline_ = now + std::chrono::seconds(limit.tv_sec) + std::chrono::microseconds(limit.tv_usec);
  }
  if (!deadline_) return std::nullopt;
  return std::max(*deadline_ - now, duration::zero());
}

bool blocking_call::wait(bool is_again) noexcept {
  constexpr duration moment = std::chrono::milliseconds(1);
  const std::optional<duration> limit = left();
  if (limit == duration::zero()) {
    errno = EAGAIN;
    return false;
  }
  // A datagram's receiver may be full, a unix listener's backlog too, while poll(2) calls the sender ready.
  if (is_again && is_ready(number_, events_))
    return wait_without_throwing(hocket::sleep(std::min(limit.value_or(moment), moment)), where_);
  if (wait_for(number_, events_, limit, where_)) return true;
  if (errno == ETIMEDOUT) errno = EAGAIN;
  return false;
}

// Not on one that its owner wants no waiting on: a handler of signals may write there, and whom it has interrupted must not be set aside.
bool blocking_call::may_begin_on_descriptor() noexcept {
  fiber& here = *fiber::current();
  const bool waits = here.is_turn_over() || here.is_interrupted();
  return !waits || is_nonblocking(number_) || give_way(where_);
}

bool may_begin(std::source_location where) noexcept {
  fiber& here = *fiber::current();
  return (!here.is_turn_over() && !here.is_interrupted()) || give_way(where);
}

void end_waits_on(int number) noexcept {
  const int before = errno;
  descriptor_set::notify_closing(number);
  hocket::notify_closing(number);
  errno = before;
}

}  // namespace hocket::green::detail
