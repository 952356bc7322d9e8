// Locks of pthread's stay what they are; a green thread that finds one taken tries again when it was let go of. To the C library all green threads are
// one thread: who of them holds a lock that asks for its owner is kept here.

#include <unordered_map>
#include <unordered_set>

#include <pthread.h>
#include <time.h>

#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/preload/green_thread.hpp>
#include <hocket/green/preload/hub.hpp>
#include <hocket/green/preload/waiter.hpp>

namespace green_detail = hocket::green::detail;
namespace preload = hocket::green::preload;
using preload::green_thread;
using preload::limit;

namespace {

struct owner {
  green_thread* who;
  unsigned count;
};

/// Mutexes that ask for their owner and are held by a green thread. The hub's alone.
std::unordered_map<const pthread_mutex_t*, owner>& owned() {
  static std::unordered_map<const pthread_mutex_t*, owner> those;
  return those;
}

int kind_of(const pthread_mutex_t* mutex) noexcept { return mutex->__data.__kind & 3; }

bool asks_for_owner(const pthread_mutex_t* mutex) noexcept {
  return kind_of(mutex) == PTHREAD_MUTEX_RECURSIVE || kind_of(mutex) == PTHREAD_MUTEX_ERRORCHECK;
}

/// Without waiting, in a green thread.
int try_lock(pthread_mutex_t* mutex) {
  static const auto real = green_detail::real<decltype(::pthread_mutex_trylock)>("pthread_mutex_trylock");
  if (!asks_for_owner(mutex)) return real(mutex);
  green_thread* const here = green_thread::current();
  if (const auto held = owned().find(mutex); held != owned().end()) {
    if (held->second.who != here) return EBUSY;
    if (kind_of(mutex) == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
    ++held->second.count;
    return 0;
  }
  const int answer = real(mutex);
  if (answer == 0) owned().emplace(mutex, owner{here, 1});
  return answer;
}

int lock_mutex(pthread_mutex_t* mutex, limit until) {
  return preload::take(mutex, until, [mutex] { return try_lock(mutex); });
}

/// Initializers that a green thread is in.
std::unordered_set<const pthread_once_t*>& under_way() {
  static std::unordered_set<const pthread_once_t*> those;
  return those;
}

/// What the C library's function for trying does, until it is done.
template <class Object>
int take_by(int (*attempt)(Object*), Object* what, limit until = std::nullopt) {
  return preload::take(what, until, [=] { return attempt(what); });
}

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static const auto real = green_detail::real<decltype(::pthread_mutex_lock)>("pthread_mutex_lock");
  return green_thread::waits_here() ? lock_mutex(mutex, std::nullopt) : real(mutex);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  static const auto real = green_detail::real<decltype(::pthread_mutex_trylock)>("pthread_mutex_trylock");
  if (!green_thread::waits_here()) return real(mutex);
  const int answer = try_lock(mutex);
  return answer == EDEADLK ? EBUSY : answer;
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::pthread_mutex_timedlock)>("pthread_mutex_timedlock");
  return green_thread::waits_here() ? lock_mutex(mutex, preload::limit_on(CLOCK_REALTIME, deadline))
                                    : real(mutex, deadline);
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::pthread_mutex_clocklock)>("pthread_mutex_clocklock");
  return green_thread::waits_here() ? lock_mutex(mutex, preload::limit_on(clock, deadline))
                                    : real(mutex, clock, deadline);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  static const auto real = green_detail::real<decltype(::pthread_mutex_unlock)>("pthread_mutex_unlock");
  if (const green_thread* const here = green_thread::current(); here != nullptr && asks_for_owner(mutex)) {
    const auto held = owned().find(mutex);
    if (held == owned().end() || held->second.who != here) return EPERM;
    if (--held->second.count > 0) return 0;
    owned().erase(held);
  }
  const int answer = real(mutex);
  preload::wake(mutex, 1);
  return answer;
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  static const auto real = green_detail::real<decltype(::pthread_rwlock_rdlock)>("pthread_rwlock_rdlock");
  return green_thread::waits_here() ? take_by(&::pthread_rwlock_tryrdlock, lock) : real(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  static const auto real = green_detail::real<decltype(::pthread_rwlock_wrlock)>("pthread_rwlock_wrlock");
  return green_thread::waits_here() ? take_by(&::pthread_rwlock_trywrlock, lock) : real(lock);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::pthread_rwlock_timedrdlock)>("pthread_rwlock_timedrdlock");
  if (!green_thread::waits_here()) return real(lock, deadline);
  return take_by(&::pthread_rwlock_tryrdlock, lock, preload::limit_on(CLOCK_REALTIME, deadline));
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* deadline) {
  static const auto real = green_detail::real<decltype(::pthread_rwlock_timedwrlock)>("pthread_rwlock_timedwrlock");
  if (!green_thread::waits_here()) return real(lock, deadline);
  return take_by(&::pthread_rwlock_trywrlock, lock, preload::limit_on(CLOCK_REALTIME, deadline));
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) {
  static const auto real = green_detail::real<decltype(::pthread_rwlock_unlock)>("pthread_rwlock_unlock");
  const int answer = real(lock);
  preload::wake(lock, preload::all);
  return answer;
}

int pthread_spin_lock(pthread_spinlock_t* lock) {
  static const auto real = green_detail::real<decltype(::pthread_spin_lock)>("pthread_spin_lock");
  if (!green_thread::waits_here()) return real(lock);
  while (::pthread_spin_trylock(lock) == EBUSY) ::sched_yield();
  return 0;
}

int pthread_once(pthread_once_t* once, void (*initialize)()) {
  static const auto real = green_detail::real<decltype(::pthread_once)>("pthread_once");
  if (!green_thread::waits_here()) return real(once, initialize);
  const volatile void* const address = once;
  preload::take(address, std::nullopt, [once] { return under_way().contains(once) ? EBUSY : 0; });
  struct scope {
    pthread_once_t* of;
    explicit scope(pthread_once_t* which) : of(which) { under_way().insert(of); }
    ~scope() {
      under_way().erase(of);
      preload::wake(of, preload::all);
    }
  } const this_one(once);
  return real(once, initialize);
}
}
