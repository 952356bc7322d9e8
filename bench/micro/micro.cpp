// What the parts of hocket cost, on its public headers: micro METRIC [N]; prints "METRIC ns_per_operation [key=value]".
//
// The metrics are those of the benchmark kit (bench/README.md), each written as a user would write it, and two that have no
// floor there: a receive without a limit and with one. N operations, a million unless told otherwise; those that cross a thread
// or a socket do a tenth.

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <mutex>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include <hocket/hocket.hpp>

namespace {

using namespace std::chrono_literals;
using nanoseconds = std::chrono::duration<double, std::nano>;

constexpr long least_operations = 10'000;  // as many as the most tasks of a metric

struct measurement {
  nanoseconds each;
  std::string note{};
};

class stopwatch {
 public:
  [[nodiscard]] nanoseconds per(long operations) const {
    return nanoseconds(std::chrono::steady_clock::now() - begin_) / static_cast<double>(operations);
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::chrono::microseconds cpu_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto length = [](timeval part) {
    return std::chrono::seconds(part.tv_sec) + std::chrono::microseconds(part.tv_usec);
  };
  return length(used.ru_utime) + length(used.ru_stime);
}

// A line of /proc/self/status that is given in kB: "VmRSS:", the memory now, or "VmHWM:", its peak.
double memory_bytes(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return std::strtod(line.c_str() + key.size(), nullptr) * 1024;
  return 0;
}

// The compiler must believe that somebody looks at `value`.
template <class Value>
void keep(const Value& value) {
  asm volatile("" : : "m"(value) : "memory");
}

hocket::coro<void> nothing() { co_return; }
hocket::coro<long> same(long value) { co_return value; }
hocket::coro<void> sleep_for(hocket::duration length) { co_await hocket::sleep(length); }

[[gnu::noinline]] hocket::coro<long> child(long value) { co_return value; }

hocket::coro<measurement> await_child(long n) {
  stopwatch watch;
  long sum = 0;
  for (long i = 0; i < n; ++i) sum += co_await child(i);
  keep(sum);
  co_return {watch.per(n)};
}

hocket::coro<measurement> task_join(long n) {
  stopwatch watch;
  for (long i = 0; i < n; ++i) co_await hocket::create_task(nothing());
  co_return {watch.per(n)};
}

hocket::coro<void> yield_times(long times) {
  for (long i = 0; i < times; ++i) co_await hocket::sleep(0s);
}

hocket::coro<measurement> yield_among(long tasks, long n) {
  stopwatch watch;
  std::vector<hocket::coro<void>> yielding;
  for (long i = 0; i < tasks; ++i) yielding.push_back(yield_times(n / tasks));
  co_await hocket::gather(std::move(yielding));
  co_return {watch.per(n)};
}

hocket::coro<measurement> yield2(long n) { co_return co_await yield_among(2, n); }
hocket::coro<measurement> yield10k(long n) { co_return co_await yield_among(10'000, n); }

hocket::coro<void> put_numbers(hocket::queue<long>& numbers, long n) {
  for (long i = 0; i < n; ++i) co_await numbers.put(i);
}

hocket::coro<measurement> queue(long n) {
  stopwatch watch;
  hocket::queue<long> numbers(64);
  auto producer = hocket::create_task(put_numbers(numbers, n));
  long sum = 0;
  for (long i = 0; i < n; ++i) sum += co_await numbers.get();
  co_await producer;
  keep(sum);
  co_return {watch.per(n)};
}

hocket::coro<void> send_numbers(hocket::memory_send_channel<long> sink, long n) {
  for (long i = 0; i < n; ++i) co_await sink.send(i);
}

hocket::coro<measurement> send_between_tasks(std::size_t room, long n) {
  stopwatch watch;
  auto [sink, source] = hocket::open_memory_channel<long>(room);
  auto sender = hocket::create_task(send_numbers(std::move(sink), n));
  while (const auto number = co_await source.receive()) keep(*number);
  co_await sender;
  co_return {watch.per(n)};
}

hocket::coro<measurement> channel(long n) { co_return co_await send_between_tasks(64, n); }
hocket::coro<measurement> rendezvous(long n) { co_return co_await send_between_tasks(0, n); }

hocket::coro<measurement> lock(long n) {
  stopwatch watch;
  hocket::lock mutex;
  long counter = 0;
  for (long i = 0; i < n; ++i) {
    auto held = co_await mutex.scoped_lock();
    keep(++counter);
  }
  co_return {watch.per(n)};
}

hocket::coro<void> count_locked(hocket::lock& mutex, long& counter, long times) {
  for (long i = 0; i < times; ++i) {
    auto held = co_await mutex.scoped_lock();
    ++counter;
    co_await hocket::sleep(0s);
  }
}

hocket::coro<measurement> lock_contended(long n) {
  constexpr long tasks = 10;
  stopwatch watch;
  hocket::lock mutex;
  long counter = 0;
  std::vector<hocket::coro<void>> counting;
  for (long i = 0; i < tasks; ++i) counting.push_back(count_locked(mutex, counter, n / tasks));
  co_await hocket::gather(std::move(counting));
  co_return {watch.per(n)};
}

hocket::coro<measurement> call_soon(long n) {
  struct link {
    hocket::loop& loop;
    hocket::future<void>& end;
    long& left;
    void operator()() {
      if (--left > 0)
        loop.call_soon(*this);
      else
        end.set_result();
    }
  };
  stopwatch watch;
  hocket::future<void> end;
  hocket::loop& loop = hocket::loop::running();
  long left = n;
  loop.call_soon(link{loop, end, left});
  co_await end;
  co_return {watch.per(n)};
}

hocket::coro<measurement> park(long n) {
  stopwatch watch;
  const double before = memory_bytes("VmRSS:");
  for (long i = 0; i < n; ++i) hocket::create_task(sleep_for(1h));
  co_await hocket::sleep(0s);  // now all have begun
  co_await hocket::sleep(0s);
  const double grown = memory_bytes("VmRSS:") - before;
  co_return {watch.per(n), fmt::format(" bytes_per_task={:.0f}", grown / static_cast<double>(n))};
}

// Counts CPU time, for most of the time it sleeps.
hocket::coro<measurement> timers(long n) {
  const auto before = cpu_time();
  std::vector<hocket::coro<void>> sleeping;
  for (long i = 0; i < n; ++i) sleeping.push_back(sleep_for(1ms * (1 + i * 7919 % 1000)));
  co_await hocket::gather(std::move(sleeping));
  co_return {nanoseconds(cpu_time() - before) / static_cast<double>(n)};
}

hocket::coro<measurement> gather(long n) {
  stopwatch watch;
  std::vector<hocket::coro<long>> children;
  for (long i = 0; i < n; ++i) children.push_back(same(i));
  const std::vector<long> results = co_await hocket::gather(std::move(children));
  keep(results.back());
  co_return {watch.per(n), fmt::format(" peak_mb={:.0f}", memory_bytes("VmHWM:") / 1e6)};
}

// Another thread asks the loop and waits for its answer.
hocket::coro<measurement> threadsafe(long n) {
  const long questions = n / 10;
  hocket::loop& loop = hocket::loop::running();
  hocket::future<nanoseconds> answered;
  std::binary_semaphore answer(0);
  const auto ask = [&] {
    stopwatch watch;
    for (long i = 0; i < questions; ++i) {
      loop.call_soon_threadsafe([&] { answer.release(); });
      answer.acquire();
    }
    loop.call_soon_threadsafe([&, each = watch.per(questions)] { answered.set_result(each); });
  };
  std::jthread asker(ask);
  co_return {co_await answered};
}

hocket::coro<measurement> offload(long n) {
  const long calls = n / 10;
  stopwatch watch;
  for (long i = 0; i < calls; ++i) co_await hocket::to_thread([] {});
  co_return {watch.per(calls)};
}

template <bool limited>
hocket::coro<void> receive_all(hocket::unix_socket& from) {
  for (;;) {
    if constexpr (limited) {
      if (!co_await hocket::with_timeout(1h, from.receive())) co_return;
    } else {
      if (!co_await from.receive()) co_return;
    }
  }
}

// A byte for a task that waits for it, at a socket; CPU time, both sides.
template <bool limited>
hocket::coro<measurement> wake_receiver(long n) {
  auto [here, there] = hocket::unix_socket::pair();
  auto receiving = hocket::create_task(receive_all<limited>(there));
  co_await hocket::sleep(0s);
  const auto before = cpu_time();
  for (long i = 0; i < n / 10; ++i) {
    co_await here.send_all("x");
    co_await hocket::sleep(0s);
  }
  const nanoseconds used = cpu_time() - before;
  here.close();
  co_await receiving;
  co_return {used / static_cast<double>(n / 10)};
}

/// Two loops, of which the first runs `first(place)`; the second runs until that is over.
template <class First>
nanoseconds beside_another_loop(First first) {
  std::binary_semaphore over(0);
  const auto main = [&](hocket::loop_place place) -> hocket::coro<nanoseconds> {
    if (place.index == 1) {
      co_await hocket::to_thread([&over] { over.acquire(); });
      co_return {};
    }
    const nanoseconds each = co_await first(place);
    over.release();
    co_return each;
  };
  return hocket::run_loops(2, main).front();
}

// A number there and one back, by two channels.
hocket::coro<void> send_back(hocket::concurrent_receive_channel<long>& source,
                             hocket::concurrent_send_channel<long>& sink) {
  while (const auto number = co_await source.receive()) co_await sink.send(*number);
}

hocket::coro<measurement> loop_channel(long n) {
  const long trips = n / 10;
  auto [there, arrived] = hocket::open_concurrent_channel<long>(1);
  auto [back, returned] = hocket::open_concurrent_channel<long>(1);
  const auto play = [&, to = &there, from = &returned, other_from = &arrived,
                     other_to = &back](hocket::loop_place place) -> hocket::coro<nanoseconds> {
    auto other = hocket::spawn_on(place.loop(1), send_back, std::ref(*other_from), std::ref(*other_to));
    stopwatch watch;
    for (long i = 0; i < trips; ++i) {
      co_await to->send(i);
      keep(*co_await from->receive());
    }
    const nanoseconds each = watch.per(trips);
    to->close();
    co_await std::move(other);
    co_return each;
  };
  co_return {co_await hocket::to_thread([&] { return beside_another_loop(play); })};
}

// Many numbers one way, by a channel of 64.
hocket::coro<measurement> loop_stream(long n) {
  auto [sink, source] = hocket::open_concurrent_channel<long>(64);
  const auto take = [from = &source]() -> hocket::coro<void> {
    while (const auto number = co_await from->receive()) keep(*number);
  };
  const auto give = [&, to = &sink](hocket::loop_place place) -> hocket::coro<nanoseconds> {
    auto other = hocket::spawn_on(place.loop(1), take);
    stopwatch watch;
    for (long i = 0; i < n; ++i) co_await to->send(i);
    to->close();
    co_await std::move(other);
    co_return watch.per(n);
  };
  co_return {co_await hocket::to_thread([&] { return beside_another_loop(give); })};
}

hocket::coro<measurement> loop_spawn(long n) {
  const long trips = n / 10;
  const auto ask = [trips](hocket::loop_place place) -> hocket::coro<nanoseconds> {
    stopwatch watch;
    for (long i = 0; i < trips; ++i) keep(co_await hocket::spawn_on(place.loop(1), same, i));
    co_return watch.per(trips);
  };
  co_return {co_await hocket::to_thread([&] { return beside_another_loop(ask); })};
}

/// What two threads use who have no loops.
class queue_by_hand {
 public:
  explicit queue_by_hand(std::size_t room) : room_(room) {}
  void put(long item) {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return items_.size() < room_; });
    items_.push_back(item);
    changed_.notify_one();
  }
  long get() {
    std::unique_lock held(mutex_);
    changed_.wait(held, [this] { return !items_.empty(); });
    const long item = items_.front();
    items_.pop_front();
    changed_.notify_one();
    return item;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<long> items_;
  const std::size_t room_;
};

// The floors of loop_channel and of loop_stream.
hocket::coro<measurement> threads_channel(long n) {
  const long trips = n / 10;
  queue_by_hand there(1);
  queue_by_hand back(1);
  std::jthread other([&] {
    for (long i = 0; i < trips; ++i) back.put(there.get());
  });
  stopwatch watch;
  for (long i = 0; i < trips; ++i) {
    there.put(i);
    keep(back.get());
  }
  co_return {watch.per(trips)};
}

hocket::coro<measurement> threads_stream(long n) {
  queue_by_hand queue(64);
  stopwatch watch;
  std::jthread other([&] {
    for (long i = 0; i < n; ++i) keep(queue.get());
  });
  for (long i = 0; i < n; ++i) queue.put(i);
  other.join();
  co_return {watch.per(n)};
}

struct metric {
  std::string_view name;
  hocket::coro<measurement> (*measure)(long n);
};

constexpr metric metrics[] = {
    {"await_child", await_child},
    {"task_join", task_join},
    {"yield2", yield2},
    {"yield10k", yield10k},
    {"queue", queue},
    {"channel", channel},
    {"rendezvous", rendezvous},
    {"lock", lock},
    {"lock_contended", lock_contended},
    {"call_soon", call_soon},
    {"park", park},
    {"timers", timers},
    {"gather", gather},
    {"threadsafe", threadsafe},
    {"offload", offload},
    {"loop_channel", loop_channel},
    {"loop_stream", loop_stream},
    {"loop_spawn", loop_spawn},
    {"threads_channel", threads_channel},
    {"threads_stream", threads_stream},
    {"receive", wake_receiver<false>},
    {"receive_limited", wake_receiver<true>},
};

const metric* find(std::string_view name) {
  for (const metric& each : metrics)
    if (each.name == name) return &each;
  return nullptr;
}

hocket::coro<void> print(const metric& wanted, long n) {
  const measurement found = co_await wanted.measure(n);
  fmt::print("{} {:.1f}{}\n", wanted.name, found.each.count(), found.note);
  std::fflush(stdout);
  std::_Exit(EXIT_SUCCESS);  // without waking what is parked
}

int explain() {
  fmt::print(stderr, "usage: micro METRIC [N], where N is {} or more and METRIC is one of", least_operations);
  for (const metric& each : metrics) fmt::print(stderr, " {}", each.name);
  fmt::print(stderr, "\n");
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  const metric* const wanted = count > 1 ? find(arguments[1]) : nullptr;
  const long n = count > 2 ? std::strtol(arguments[2], nullptr, 10) : 1'000'000;
  if (wanted == nullptr || n < least_operations) return explain();
  hocket::run(print(*wanted, n));
}
