// A table of who waits where, under one lock that spins: it is held for a few instructions, and everything that could wait for it otherwise is
// itself made of this.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <unordered_map>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <hocket/core/timeout.hpp>
#include <hocket/green/detail/waiting.hpp>
#include <hocket/green/preload/green_thread.hpp>
#include <hocket/green/preload/hub.hpp>
#include <hocket/green/preload/waiter.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::green::preload {

struct waiter::state {
  const volatile void* address;
  bool is_green = green_thread::waits_here();
  std::atomic<bool> is_woken = false;
  hocket::event woken{};  // of a green thread; belongs to the hub
  sem_t posted{};         // of a thread
};

namespace {

using line = std::deque<std::shared_ptr<waiter::state>>;

class table {
 public:
  void add(const std::shared_ptr<waiter::state>& who) {
    const guard held(*this);
    lines_[who->address].push_back(who);
    count_.fetch_add(1, std::memory_order_seq_cst);
  }
  void remove(const std::shared_ptr<waiter::state>& who) {
    const guard held(*this);
    const auto found = lines_.find(who->address);
    if (found == lines_.end()) return;
    const auto left = std::erase(found->second, who);
    count_.fetch_sub(left, std::memory_order_relaxed);
    if (found->second.empty()) lines_.erase(found);
  }
  /// The first in line, who leaves it; null if there is none.
  std::shared_ptr<waiter::state> pop(const volatile void* address) {
    const guard held(*this);
    const auto found = lines_.find(address);
    if (found == lines_.end()) return nullptr;
    std::shared_ptr<waiter::state> first = std::move(found->second.front());
    found->second.pop_front();
    count_.fetch_sub(1, std::memory_order_relaxed);
    if (found->second.empty()) lines_.erase(found);
    return first;
  }
  /// Whoever has lined up before the caller changed what they wait for is seen.
  [[nodiscard]] bool is_empty() const noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return count_.load(std::memory_order_seq_cst) == 0;
  }

  void lock() noexcept {
    static const auto yield = detail::real<decltype(::sched_yield)>("sched_yield");
    while (is_locked_.test_and_set(std::memory_order_acquire)) yield();
  }
  void unlock() noexcept { is_locked_.clear(std::memory_order_release); }
  /// In a child of fork, where nobody waits but who has called it.
  void forget_all() noexcept {
    lines_.clear();
    count_ = 0;
    unlock();
  }

 private:
  struct guard {
    table& of;
    explicit guard(table& which) noexcept : of(which) { of.lock(); }
    ~guard() { of.unlock(); }
  };

  std::unordered_map<const volatile void*, line> lines_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic_flag is_locked_;
};

table& waiting() {
  static table& those = *[] {
    static table made;
    ::pthread_atfork([] { waiting().lock(); }, [] { waiting().unlock(); }, [] { waiting().forget_all(); });
    return &made;
  }();
  return those;
}

void wake_one(const std::shared_ptr<waiter::state>& who) noexcept {
  static const auto post = detail::real<decltype(::sem_post)>("sem_post");
  who->is_woken = true;
  if (!who->is_green)
    post(&who->posted);
  else if (hub::is_this_thread())
    who->woken.set();
  else
    hub::of_process().call([who] { who->woken.set(); });
}

bool wait_in_thread(waiter::state& mine, limit until) {
  static const auto wait = detail::real<decltype(::sem_wait)>("sem_wait");
  static const auto wait_until = detail::real<decltype(::sem_clockwait)>("sem_clockwait");
  timespec deadline{};
  if (until) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(until->time_since_epoch());
    deadline = {.tv_sec = whole.count(), .tv_nsec = (until->time_since_epoch() - whole).count()};
  }
  while ((until ? wait_until(&mine.posted, CLOCK_MONOTONIC, &deadline) : wait(&mine.posted)) != 0)
    if (errno == ETIMEDOUT) return mine.is_woken;
  return true;
}

bool wait_in_green_thread(waiter::state& mine, limit until) {
  if (!until) return detail::wait_without_throwing(mine.woken.wait());
  const duration left = std::max(*until - loop::running().time(), duration::zero());
  const bool is_over = !detail::without_throwing(
      [&] { detail::wait_on(*detail::fiber::current(), hocket::with_timeout(left, mine.woken.wait()), {}); });
  return !is_over || mine.is_woken;
}

}  // namespace

waiter::waiter(const volatile void* address) : state_(std::make_shared<state>(address)) { waiting().add(state_); }
waiter::~waiter() { waiting().remove(state_); }

bool waiter::wait(limit until) {
  const int before = errno;
  const bool is_woken = state_->is_green ? wait_in_green_thread(*state_, until) : wait_in_thread(*state_, until);
  errno = before;
  return is_woken;
}

std::size_t wake(const volatile void* address, std::size_t most) noexcept {
  if (waiting().is_empty()) return 0;
  const int before = errno;
  std::size_t woken = 0;
  for (; woken < most; ++woken) {
    const auto first = waiting().pop(address);
    if (first == nullptr) break;
    wake_one(first);
  }
  errno = before;
  return woken;
}

limit limit_on(clockid_t clock, const timespec* deadline) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  const auto left =
      std::chrono::seconds(deadline->tv_sec - now.tv_sec) + std::chrono::nanoseconds(deadline->tv_nsec - now.tv_nsec);
  return std::chrono::steady_clock::now() + std::min<duration>(left, std::chrono::hours(24 * 365));
}

}  // namespace hocket::green::preload
