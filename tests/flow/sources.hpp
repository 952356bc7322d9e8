#pragma once

// Sources to combine: what they do, and what is done to them, is written into a log.

#include <chrono>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::testing {

using trace = std::vector<std::string>;

/// `first`, `first + step` and so on, `count` of them: the first one at once, the others `interval` later each.
inline async_generator<int> numbers(int first, int step, int count, delay interval) {
  for (int n = 0; n < count; ++n) {
    if (n > 0) co_await hocket::sleep(interval);
    co_yield first + n* step;
  }
}

/// A view that makes `numbers(0, ...)` and `numbers(1, ...)` when it is gone through. As std::views::transform does, which does not
/// compile where lifetimes are checked.
struct two_sources : std::ranges::view_base {
  struct iterator {
    using value_type = async_generator<int>;
    using difference_type = std::ptrdiff_t;
    HOCKET_CORO_WRAPPER async_generator<int> operator*() const { return numbers(first, 2, 2, std::chrono::seconds(1)); }
    iterator& operator++() {
      ++first;
      return *this;
    }
    void operator++(int) { ++first; }
    bool operator==(std::default_sentinel_t) const { return first == 2; }
    int first = 0;
  };
  [[nodiscard]] iterator begin() const { return {}; }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }
};

/// Endless, without waiting; counts how many were asked for.
inline async_generator<int> endless(int& made) {
  for (;;) co_yield ++made;
}

/// One item each `interval`, from one interval on, for ever. Its end, and only that, takes `cleanup`.
inline async_generator<std::string> ticker(std::string name, delay interval, trace& log,
                                           delay cleanup = std::chrono::seconds(0)) {
  std::string end = "ended";
  try {
    for (;;) {
      co_await hocket::sleep(interval);
      co_yield name;
    }
  } catch (const generator_exit&) {
    end = "closed";
  } catch (const cancelled&) {
    end = "cancelled";
  }
  co_await hocket::sleep(cleanup);
  log.push_back(name + " " + end);
  if (end == "cancelled") throw cancelled{};
}

/// Yields what it is told to, then fails.
inline async_generator<int> failing_after(std::vector<int> items, delay then) {
  for (int item : items) co_yield item;
  co_await hocket::sleep(then);
  throw std::runtime_error("failed");
}

/// Seconds since it was made, on the loop's clock.
class stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(loop::running().time() - begin_).count();
  }

 private:
  time_point begin_ = loop::running().time();
};

/// An item at once, then one more whenever it is told to end: it swallows every cancellation, and yields.
inline async_generator<int> stubborn() {
  for (int n = 0;; ++n) {
    co_yield n;
    try {
      co_await hocket::sleep(std::chrono::hours(1));
    } catch (const cancelled&) {
    }
  }
}

/// When each item came, in seconds since this began.
template <class T>
coro<std::vector<double>> times_of(async_generator<T> source) {
  const stopwatch watch;
  std::vector<double> times;
  while (co_await source.next()) times.push_back(watch.seconds());
  co_return times;
}

/// Takes `count` items, then closes the source.
template <class T>
coro<std::vector<T>> take_and_close(async_generator<T> source, std::size_t count) {
  std::vector<T> items;
  while (items.size() < count) items.push_back(*co_await source.next());
  co_await source.close();
  co_return items;
}

/// What is thrown by a source when its next item is asked for.
template <class T>
coro<std::string> error_of_next(async_generator<T>& source) {
  try {
    static_cast<void>(co_await source.next());
  } catch (const std::exception& error) {
    co_return error.what();
  }
  co_return "no error";
}

}  // namespace hocket::testing
