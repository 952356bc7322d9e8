// The floor of companions.cpp: the same jobs by hand, without a library. by_hand METRIC; prints "METRIC ns_per_operation".

#include <chrono>
#include <cstdio>
#include <semaphore>
#include <string_view>
#include <thread>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr long items = 10'000'000;
constexpr long calls = 50'000;

template <class Value>
void keep(const Value& value) {
  asm volatile("" : : "m"(value) : "memory");
}

template <class Job>
double nanoseconds_per(long operations, Job job) {
  const auto begin = std::chrono::steady_clock::now();
  job();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() /
         static_cast<double>(operations);
}

// A loop over numbers that the compiler must go through one by one.
double loop() {
  return nanoseconds_per(items, [] {
    long sum = 0;
    for (long n = 0; n < items; ++n) {
      keep(n);
      sum += n;
    }
    keep(sum);
  });
}

double pipeline() {
  return nanoseconds_per(items, [] {
    long index = 0;
    long sum = 0;
    for (long n = 0; n < items; ++n) {
      const long mapped = 3 * n + 1;
      keep(mapped);
      if (mapped % 4 == 0) continue;
      if (mapped < 0) break;
      sum += index++ + mapped;
    }
    keep(sum);
  });
}

double merge() {
  return nanoseconds_per(items, [] {
    long sum = 0;
    long next[] = {0, 0};
    for (long n = 0; n < items; ++n) {
      long& from = next[n % 2];
      keep(from);
      sum += from++;
    }
    keep(sum);
  });
}

double thread() {
  std::binary_semaphore asked(0);
  std::binary_semaphore answered(0);
  std::jthread worker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      asked.acquire();
      answered.release();
    }
  });
  const double each = nanoseconds_per(calls, [&] {
    for (long n = 0; n < calls; ++n) {
      asked.release();
      answered.acquire();
    }
  });
  worker.request_stop();
  asked.release();
  return each;
}

double process() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 0;
  const pid_t child = fork();
  long value = 0;
  if (child == 0) {
    close(ends[0]);
    while (read(ends[1], &value, sizeof value) == sizeof value)
      if (write(ends[1], &value, sizeof value) != sizeof value) break;
    _exit(0);
  }
  close(ends[1]);
  const double each = nanoseconds_per(calls, [&] {
    for (long n = 0; n < calls; ++n)
      if (write(ends[0], &n, sizeof n) != sizeof n || read(ends[0], &value, sizeof value) != sizeof value) break;
  });
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return each;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view metric = count > 1 ? arguments[1] : "";
  double each = 0;
  if (metric == "generator" || metric == "async_generator") each = loop();
  if (metric == "pipeline") each = pipeline();
  if (metric == "merge") each = merge();
  if (metric == "thread") each = thread();
  if (metric == "process") each = process();
  std::printf("%.*s %.1f\n", static_cast<int>(metric.size()), metric.data(), each);
  return each > 0 ? 0 : 2;
}
