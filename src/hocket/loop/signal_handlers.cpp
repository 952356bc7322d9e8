// Signals, for any number of loops.
//
// One handler for the process finds the loops that want the signal, counts it there, and posts a node to each that has none under
// way: atomics and at most a write(2), which a handler may do. So nothing is lost however many come, and nothing piles up. (A
// signalfd would need the signal blocked in all threads, and whoever else makes threads does not know of that.)
//
// The handler cannot take a lock. Who leaves a line waits until no handler runs any more: then none can have seen him.

#include <algorithm>
#include <bit>
#include <cerrno>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <signal.h>

#include <hocket/loop/loop.hpp>
#include <hocket/loop/signal_handlers.hpp>

namespace hocket::detail {
namespace {

void on_signal(int number) noexcept;

/// Which loops want which signals, and what was done with those before.
class signal_table {
 public:
  void add(int number, signal_handlers::place& wanting) {
    const std::lock_guard guard(mutex_);
    line& at = lines_[static_cast<std::size_t>(number)];
    const bool is_first = at.first == nullptr;
    wanting.next = at.first.load();
    at.first = &wanting;
    if (!is_first) return;
    struct sigaction ours{};
    ours.sa_handler = on_signal;
    ours.sa_flags = SA_RESTART;
    sigemptyset(&ours.sa_mask);
    if (::sigaction(number, &ours, &at.before) == 0) return;
    const int error = errno;
    at.first = nullptr;
    throw std::system_error(error, std::system_category(), fmt::format("cannot handle signal {}", number));
  }

  void remove(int number, signal_handlers::place& leaving) noexcept {
    const std::lock_guard guard(mutex_);
    line& at = lines_[static_cast<std::size_t>(number)];
    std::atomic<signal_handlers::place*>* before = &at.first;
    while (*before != &leaving) before = &before->load()->next;
    *before = leaving.next.load();
    if (at.first == nullptr) put_back(number, at.before);
    while (running_ > 0) std::this_thread::yield();
  }

  void tell(int number) noexcept {
    ++running_;
    for (const auto* each = lines_[static_cast<std::size_t>(number)].first.load(); each != nullptr; each = each->next)
      each->owner->came(number);
    --running_;
  }

 private:
  struct line {
    std::atomic<signal_handlers::place*> first{nullptr};
    struct sigaction before{};
  };

  // Unless somebody else handles it by now.
  static void put_back(int number, const struct sigaction& before) noexcept {
    struct sigaction current{};
    ::sigaction(number, nullptr, &current);
    if (current.sa_handler == on_signal) ::sigaction(number, &before, nullptr);
  }

  std::mutex mutex_;
  std::array<line, signal_numbers> lines_;
  std::atomic<int> running_{0};  // handlers
};
static_assert(std::atomic<void*>::is_always_lock_free && std::atomic<int>::is_always_lock_free &&
              std::atomic<std::uint64_t>::is_always_lock_free);

// Made by the first who wants a signal, so never by the handler; never destroyed, for signals come until the end.
signal_table& table() {
  static auto& all = *new signal_table;
  return all;
}

void on_signal(int number) noexcept {
  const int before = errno;
  table().tell(number);
  errno = before;
}

void require_number(int number) {
  if (number < 1 || number >= static_cast<int>(signal_numbers))
    throw std::invalid_argument(fmt::format("there is no signal {}", number));
  if (number == SIGKILL || number == SIGSTOP)
    throw std::invalid_argument(fmt::format("nobody can handle SIG{}", ::sigabbrev_np(number)));
  if (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL)
    throw std::invalid_argument(
        fmt::format("a loop cannot handle SIG{}: what raised it would raise it again", ::sigabbrev_np(number)));
}

constexpr std::uint64_t bit_of(int number) noexcept { return std::uint64_t{1} << (number - 1); }

}  // namespace

class signal_handlers::callback {
 public:
  callback(int number, std::move_only_function<void()> function, context inside)
      : number_(number), function_(std::move(function)), variables_(std::move(inside)) {}

  [[nodiscard]] int number() const noexcept { return number_; }

  void call(loop& on) noexcept {
    here.variables = &variables_;
    try {
      function_();
    } catch (...) {
      report_callback_error(on, std::current_exception());
    }
    here.variables = nullptr;
  }

 private:
  int number_;
  std::move_only_function<void()> function_;
  context variables_;
};

signal_handlers::signal_handlers(loop& owner) noexcept : loop_(owner) {
  for (place& each : places_) each.owner = this;
}

signal_handlers::~signal_handlers() { clear(); }

void signal_handlers::set_callback(int number, std::move_only_function<void()> function) {
  auto made = std::make_shared<callback>(number, std::move(function), loop::context_for(loop_));
  callbacks_.reserve(callbacks_.size() + 1);
  want(number);
  const auto before = std::ranges::find(callbacks_, number, [](const auto& each) { return each->number(); });
  if (before != callbacks_.end())
    *before = std::move(made);
  else
    callbacks_.push_back(std::move(made));
}

bool signal_handlers::remove_callback(int number) noexcept {
  const auto removed = callback_for(number);  // it may be the one that runs
  if (removed == nullptr) return false;
  std::erase(callbacks_, removed);
  want_no_more(number);
  return true;
}

void signal_handlers::add(int number, signal_listener& told) {
  subscriptions_.reserve(subscriptions_.size() + 1);
  want(number);
  subscriptions_.push_back({number, &told});
}

void signal_handlers::remove(int number, signal_listener& told) noexcept {
  if (std::erase_if(subscriptions_,
                    [&](const subscription& each) { return each.number == number && each.told == &told; }) > 0)
    want_no_more(number);
}

void signal_handlers::clear() noexcept {
  while (!callbacks_.empty()) remove_callback(callbacks_.back()->number());
  while (!subscriptions_.empty()) remove(subscriptions_.back().number, *subscriptions_.back().told);
}

bool signal_handlers::is_heard(int number) const noexcept {
  return callback_for(number) != nullptr ||
         std::ranges::any_of(subscriptions_, [number](const subscription& each) { return each.number == number; });
}

void signal_handlers::want(int number) {
  require_number(number);
  if (is_heard(number)) return;
  untold_[static_cast<std::size_t>(number)] = 0;
  table().add(number, places_[static_cast<std::size_t>(number)]);
}

void signal_handlers::want_no_more(int number) noexcept {
  if (!is_heard(number)) table().remove(number, places_[static_cast<std::size_t>(number)]);
}

std::shared_ptr<signal_handlers::callback> signal_handlers::callback_for(int number) const noexcept {
  const auto found = std::ranges::find(callbacks_, number, [](const auto& each) { return each->number(); });
  return found != callbacks_.end() ? *found : nullptr;
}

void signal_handlers::came(int number) noexcept {
  ++untold_[static_cast<std::size_t>(number)];
  pending_ |= bit_of(number);
  if (!posted_.exchange(true)) loop_.post(*this);
}

void signal_handlers::run() noexcept {
  posted_ = false;
  for (std::uint64_t left = pending_.exchange(0); left != 0; left &= left - 1) {
    const int number = std::countr_zero(left) + 1;
    auto& untold = untold_[static_cast<std::size_t>(number)];
    if (untold == 0) continue;
    if (untold.fetch_sub(1) > 1) pending_ |= bit_of(number);
    for (const subscription& each : subscriptions_)
      if (each.number == number) each.told->heard(number);
    if (const auto called = callback_for(number)) called->call(loop_);
  }
  if (pending_ != 0 && !posted_.exchange(true)) loop_.schedule(*this);
}

}  // namespace hocket::detail
