// To wait for a signal, as a thread does that a program keeps for that: on the hub's pool, whose threads have blocked what the hub has.

#include <cerrno>

#include <signal.h>
#include <time.h>

#include <hocket/exec/to_thread.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/preload/green_thread.hpp>

namespace green_detail = hocket::green::detail;
using hocket::green::preload::green_thread;

namespace {

/// What `call` gives, and its errno.
template <class Call>
int on_thread(Call call) {
  int answer = -1;
  int problem = EAGAIN;
  const auto work = [&] {
    answer = call();
    problem = errno;
  };
  if (green_detail::wait_without_throwing(hocket::to_thread(work))) errno = problem;
  return answer;
}

}  // namespace

extern "C" {

int sigtimedwait(const sigset_t* which, siginfo_t* told, const timespec* limit) {
  static const auto real = green_detail::real<decltype(::sigtimedwait)>("sigtimedwait");
  if (!green_thread::waits_here()) return real(which, told, limit);
  return on_thread([=] { return real(which, told, limit); });
}

int sigwaitinfo(const sigset_t* which, siginfo_t* told) { return sigtimedwait(which, told, nullptr); }

int sigwait(const sigset_t* which, int* number) {
  static const auto real = green_detail::real<decltype(::sigwait)>("sigwait");
  if (!green_thread::waits_here()) return real(which, number);
  const int before = errno;
  const int answer = on_thread([=] { return real(which, number); });
  errno = before;
  return answer < 0 ? EINTR : answer;
}
}
