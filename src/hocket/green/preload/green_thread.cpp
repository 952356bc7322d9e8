#include <array>
#include <climits>
#include <cstdlib>
#include <mutex>

#include <unistd.h>

#include <hocket/core/context_var.hpp>
#include <hocket/core/task.hpp>
#include <hocket/green/detail/carry.hpp>
#include <hocket/green/detail/fiber.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/green/preload/green_thread.hpp>
#include <hocket/green/preload/hub.hpp>
#include <hocket/green/preload/waiter.hpp>

namespace hocket::green::preload {
namespace {

/// Thrown through the program's functions, up to where its thread began.
struct thread_exit {
  void* result;
};

struct registry {
  std::mutex mutex;
  std::unordered_map<pthread_t, std::shared_ptr<green_thread>> threads;
  std::atomic<std::size_t> running = 0;
};

registry& all_threads() {
  static registry& those = *[] {
    static registry made;
    ::pthread_atfork([] { all_threads().mutex.lock(); }, [] { all_threads().mutex.unlock(); },
                     [] { all_threads().mutex.unlock(); });
    return &made;
  }();
  return those;
}

context_var<green_thread*>& current_thread() {
  static context_var<green_thread*> which("green thread", nullptr);
  return which;
}

}  // namespace

key& key_of(pthread_key_t number) noexcept {
  static std::array<key, PTHREAD_KEYS_MAX> keys;
  return keys[number % keys.size()];
}

// As green::run has it, on a stack that is there already: pthread_create is to say so if there is none. It goes back to the hub's pool.
static coro<void> carry(std::shared_ptr<green_thread> who, stack memory) {
  const auto run = [&who] { who->run(); };
  detail::call<decltype(run)> work(run);
  detail::fiber carried(std::move(memory), work);
  while (carried.resume()) co_await detail::wait_for_fiber{carried.parked_on()};
}

green_thread* green_thread::current() noexcept {
  return hub::is_this_thread() && detail::fiber::current() != nullptr ? current_thread().get() : nullptr;
}

bool green_thread::waits_here() noexcept { return is_patched() && current() != nullptr; }

std::shared_ptr<green_thread> green_thread::find(pthread_t number) {
  const std::lock_guard guard(all_threads().mutex);
  const auto found = all_threads().threads.find(number);
  return found != all_threads().threads.end() ? found->second : nullptr;
}

const std::atomic<std::size_t>& green_thread::count() noexcept { return all_threads().running; }

pthread_t green_thread::start(function run, void* argument, std::size_t stack_size, bool is_detached) {
  auto made = std::make_shared<green_thread>(run, argument, is_detached);
  stack memory = stack::of_size(stack_size);
  const pthread_t number = made->number();
  hub& home = hub::of_process();
  {
    const std::lock_guard guard(all_threads().mutex);
    all_threads().threads.emplace(number, made);
  }
  ++all_threads().running;
  home.call([made = std::move(made), memory = std::move(memory)]() mutable {
    static_cast<void>(create_task(carry(std::move(made), std::move(memory))));
  });
  return number;
}

void green_thread::run() noexcept {
  const pid_t process = ::getpid();
  current_thread().set(this);
  try {
    result_ = run_(argument_);
  } catch (const thread_exit& asked) {
    result_ = asked.result;
  }
  if (::getpid() != process) std::exit(0);  // it was its only thread
  drop_values();
  {
    const std::lock_guard guard(all_threads().mutex);
    has_ended_ = true;
    if (is_detached_) all_threads().threads.erase(number());
  }
  --all_threads().running;
  wake(&has_ended_, all);
  wake(&all_threads().running, all);
}

void green_thread::exit(void* result) { throw thread_exit{result}; }

int green_thread::join(pthread_t number, void** result, const timespec* deadline, clockid_t clock) {
  const auto whom = find(number);
  if (whom == nullptr) return ESRCH;
  if (whom.get() == current()) return EDEADLK;
  if (whom->is_detached_ || std::exchange(whom->is_joined_, true)) return EINVAL;
  const limit until = deadline != nullptr ? limit_on(clock, deadline) : std::nullopt;
  const int answer = take(&whom->has_ended_, until, [&] { return whom->has_ended_ ? 0 : EBUSY; });
  if (answer != 0) {
    whom->is_joined_ = false;
    return answer;
  }
  if (result != nullptr) *result = whom->result_;
  const std::lock_guard guard(all_threads().mutex);
  all_threads().threads.erase(number);
  return 0;
}

int green_thread::detach(pthread_t number) {
  const auto whom = find(number);
  if (whom == nullptr) return ESRCH;
  const std::lock_guard guard(all_threads().mutex);
  if (std::exchange(whom->is_detached_, true)) return EINVAL;
  if (whom->has_ended_) all_threads().threads.erase(number);
  return 0;
}

void* green_thread::value(pthread_key_t key) const {
  const auto found = values_.find(key);
  return found != values_.end() && found->second.generation == key_of(key).generation ? found->second.value : nullptr;
}

void green_thread::set_value(pthread_key_t key, const void* value) {
  values_[key] = {key_of(key).generation, const_cast<void*>(value)};
}

// Destructors may set values again: so often, as POSIX has it.
void green_thread::drop_values() noexcept {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS && !values_.empty(); ++round) {
    for (const auto& [number, owned] : std::exchange(values_, {})) {
      const auto destroy = key_of(number).destructor.load();
      if (owned.value != nullptr && owned.generation == key_of(number).generation && destroy != nullptr)
        destroy(owned.value);
    }
  }
}

}  // namespace hocket::green::preload
