// Barriers are meetings of green threads and threads, in the place of the C library's own.

#include <mutex>
#include <optional>
#include <unordered_map>

#include <pthread.h>

#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/green/preload/waiter.hpp>

namespace green_detail = hocket::green::detail;
namespace preload = hocket::green::preload;

namespace {

struct meeting {
  unsigned wanted;
  unsigned arrived = 0;
  unsigned long round;  // of no other barrier either, for one may be made where another was
};

class meetings {
 public:
  void add(const pthread_barrier_t* barrier, unsigned wanted) {
    const std::lock_guard guard(mutex_);
    those_[barrier] = {.wanted = wanted, .round = ++last_round_};
  }
  void remove(const pthread_barrier_t* barrier) {
    const std::lock_guard guard(mutex_);
    those_.erase(barrier);
  }
  [[nodiscard]] bool has(const pthread_barrier_t* barrier) {
    const std::lock_guard guard(mutex_);
    return those_.contains(barrier);
  }
  /// The round that is to be waited for; none: whoever calls was the last.
  [[nodiscard]] std::optional<unsigned long> arrive(const pthread_barrier_t* barrier) {
    const std::lock_guard guard(mutex_);
    meeting& here = those_.at(barrier);
    if (++here.arrived < here.wanted) return here.round;
    here.arrived = 0;
    here.round = ++last_round_;
    return std::nullopt;
  }
  /// Also when the barrier was destroyed since, as whoever leaves it first may do.
  [[nodiscard]] bool is_over(const pthread_barrier_t* barrier, unsigned long round) {
    const std::lock_guard guard(mutex_);
    const auto found = those_.find(barrier);
    return found == those_.end() || found->second.round != round;
  }

 private:
  std::mutex mutex_;
  unsigned long last_round_ = 0;
  std::unordered_map<const pthread_barrier_t*, meeting> those_;
};

meetings& of_process() {
  static meetings those;
  return those;
}

bool is_shared_by_processes(const pthread_barrierattr_t* attributes) noexcept {
  int shared = PTHREAD_PROCESS_PRIVATE;
  if (attributes != nullptr) ::pthread_barrierattr_getpshared(attributes, &shared);
  return shared == PTHREAD_PROCESS_SHARED;
}

}  // namespace

extern "C" {

int pthread_barrier_init(pthread_barrier_t* barrier, const pthread_barrierattr_t* attributes, unsigned count) {
  static const auto real = green_detail::real<decltype(::pthread_barrier_init)>("pthread_barrier_init");
  const int problem = real(barrier, attributes, count);
  if (problem == 0 && hocket::green::is_patched() && !is_shared_by_processes(attributes))
    of_process().add(barrier, count);
  return problem;
}

int pthread_barrier_destroy(pthread_barrier_t* barrier) {
  static const auto real = green_detail::real<decltype(::pthread_barrier_destroy)>("pthread_barrier_destroy");
  of_process().remove(barrier);
  return real(barrier);
}

int pthread_barrier_wait(pthread_barrier_t* barrier) {
  static const auto real = green_detail::real<decltype(::pthread_barrier_wait)>("pthread_barrier_wait");
  if (!of_process().has(barrier)) return real(barrier);
  const auto round = of_process().arrive(barrier);
  if (!round) {
    preload::wake(barrier, preload::all);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  preload::take(barrier, std::nullopt, [=] { return of_process().is_over(barrier, *round) ? 0 : EBUSY; });
  return 0;
}
}
