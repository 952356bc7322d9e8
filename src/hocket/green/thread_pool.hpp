#pragma once

#include <concepts>
#include <cstddef>
#include <source_location>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/exec/thread_pool_executor.hpp>
#include <hocket/green/detail/maps.hpp>
#include <hocket/green/detail/places.hpp>
#include <hocket/green/group.hpp>

namespace hocket::green {

/// Threads of its own, at most `size`, for what blocks or computes and cannot be made to wait; green threads wait for what they give. The loop's
/// own pool needs no object: `in_thread`.
///
/// Functions run on those threads, so they share nothing unguarded and must not `wait`. A call that has begun is waited for,
/// also by who is cancelled. Counterpart: gevent.threadpool.ThreadPool.
class thread_pool : public detail::maps<thread_pool> {
 public:
  /// Throws std::invalid_argument if there are to be no threads.
  explicit thread_pool(std::size_t size = blocking_pool::default_limit())
      : threads_({.max_workers = size, .thread_name_prefix = "green"}), places_(size) {}
  /// Waits for the calls that were begun, and blocks meanwhile: `join` before, which waits.
  ~thread_pool() = default;
  thread_pool(const thread_pool&) = delete;

  /// Runs `function` on a thread, as soon as one is free, and waits for what it gives. Counterpart: ThreadPool.apply.
  template <std::invocable Function>
  auto apply(Function function, std::source_location where = std::source_location::current()) {
    return wait(hocket::run_in_executor(threads_, places_.give(std::move(function), where)), where);
  }

  /// The same without waiting for the end: gives the task that does. Waits for a place while all threads are in use. Of `options` the size of
  /// the stack means nothing. Counterpart: ThreadPool.spawn, apply_async.
  template <std::invocable Function>
  auto spawn(Function function, const spawn_options& options = {}) {
    auto occupying = places_.give(std::move(function), options.created);
    calls_.expect_member();
    auto made = create_task(hocket::run_in_executor(threads_, std::move(occupying)),
                            {.name = options.name,
                             .context = options.context,
                             .created = options.created,
                             .eager_start = true});  // later the pool may be gone
    calls_.add(made);
    return made;
  }

  /// Waits until no call is left, those included that are begun meanwhile.
  void join(std::source_location where = std::source_location::current()) { calls_.join(where); }

  /// Calls by `spawn` and the maps that have not ended.
  [[nodiscard]] std::size_t size() { return calls_.size(); }
  /// Counterpart: ThreadPool.maxsize.
  [[nodiscard]] std::size_t max_size() const noexcept { return threads_.max_workers(); }
  /// True: a further call would wait.
  [[nodiscard]] bool full() const noexcept { return places_.are_taken(); }

 private:
  thread_pool_executor threads_;
  detail::places places_;
  group calls_;
};

}  // namespace hocket::green
