// Conditions are lines of waiters, of green threads and of threads, in the place of the C library's own; semaphores stay what they are, and a green
// thread that finds none tries again when one was given.

#include <cerrno>

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/green/preload/green_thread.hpp>
#include <hocket/green/preload/waiter.hpp>

namespace green_detail = hocket::green::detail;
namespace preload = hocket::green::preload;
using preload::green_thread;
using preload::limit;

namespace {

// What pthread_condattr has left there; see the C library's nptl/pthread_cond_common.c.
bool is_shared_by_processes(const pthread_cond_t* condition) noexcept { return (condition->__data.__wrefs & 1) != 0; }
clockid_t clock_of(const pthread_cond_t* condition) noexcept {
  return (condition->__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

bool is_ours(const pthread_cond_t* condition) noexcept {
  return hocket::green::is_patched() && !is_shared_by_processes(condition);
}

int wait(pthread_cond_t* condition, pthread_mutex_t* mutex, limit until = std::nullopt) {
  bool is_woken = false;
  {
    preload::waiter mine(condition);
    if (const int problem = ::pthread_mutex_unlock(mutex); problem != 0) return problem;
    is_woken = mine.wait(until);
  }
  const int problem = ::pthread_mutex_lock(mutex);
  return problem != 0 ? problem : is_woken ? 0 : ETIMEDOUT;
}

/// In a green thread.
int take(sem_t* semaphore, limit until = std::nullopt) {
  const int answer = preload::take(semaphore, until, [semaphore] {
    const int before = errno;
    if (::sem_trywait(semaphore) == 0) return 0;
    return errno == EAGAIN ? (errno = before, EBUSY) : errno;
  });
  return answer == 0 ? 0 : (errno = answer, -1);
}

}  // namespace

extern "C" {

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static const auto real = green_detail::real<decltype(::pthread_cond_wait)>("pthread_cond_wait");
  return is_ours(condition) ? wait(condition, mutex) : real(condition, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::pthread_cond_timedwait)>("pthread_cond_timedwait");
  if (!is_ours(condition)) return real(condition, mutex, deadline);
  return wait(condition, mutex, preload::limit_on(clock_of(condition), deadline));
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::pthread_cond_clockwait)>("pthread_cond_clockwait");
  if (!is_ours(condition)) return real(condition, mutex, clock, deadline);
  return wait(condition, mutex, preload::limit_on(clock, deadline));
}

int pthread_cond_signal(pthread_cond_t* condition) {
  static const auto real = green_detail::real<decltype(::pthread_cond_signal)>("pthread_cond_signal");
  if (!is_ours(condition)) return real(condition);
  preload::wake(condition, 1);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) {
  static const auto real = green_detail::real<decltype(::pthread_cond_broadcast)>("pthread_cond_broadcast");
  if (!is_ours(condition)) return real(condition);
  preload::wake(condition, preload::all);
  return 0;
}

int sem_wait(sem_t* semaphore) {
  static const auto real = green_detail::real<decltype(::sem_wait)>("sem_wait");
  return green_thread::waits_here() ? take(semaphore) : real(semaphore);
}

int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::sem_timedwait)>("sem_timedwait");
  return green_thread::waits_here() ? take(semaphore, preload::limit_on(CLOCK_REALTIME, deadline))
                                    : real(semaphore, deadline);
}

int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::sem_clockwait)>("sem_clockwait");
  return green_thread::waits_here() ? take(semaphore, preload::limit_on(clock, deadline))
                                    : real(semaphore, clock, deadline);
}

int sem_post(sem_t* semaphore) {
  static const auto real = green_detail::real<decltype(::sem_post)>("sem_post");
  const int answer = real(semaphore);
  if (answer == 0) preload::wake(semaphore, 1);
  return answer;
}
}
