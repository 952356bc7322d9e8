#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/concurrent_future.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/exec/detail/futures_in_line.hpp>
#include <hocket/exec/executor_options.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/loop/blocking_pool.hpp>

namespace hocket {

struct thread_pool_options {
  std::size_t max_workers = blocking_pool::default_limit();
  /// How many calls may be submitted beyond one for each worker.
  std::size_t max_pending = std::numeric_limits<std::size_t>::max();
  /// What the threads are called, with a number behind it, as far as 15 characters go.
  std::string thread_name_prefix{};
  /// Called on each thread before its first call. If it throws, every call that waits or comes fails with `broken_thread_pool`.
  std::function<void()> initializer{};
};

struct map_options {
  /// How many calls there may be whose results were not taken yet; 0: twice as many as there are workers.
  std::size_t buffer = 0;
  /// For all of it, from the first value that is asked for, on the loop's clock. Throws `timeout_error`.
  std::optional<delay> timeout{};
};

namespace detail {

/// The calls of an executor that somebody has futures for. Held by each, for who cancels one may see the executor's end.
struct call_counts {
  std::atomic<std::size_t> waiting = 0;
  std::atomic<std::size_t> all = 0;
};

/// A call that somebody has a future for. Owns itself: frees itself once it is run or refused. Cancelling the future before that
/// takes it out of the line.
template <class T, class Function>
class submitted_call final : public blocking_job {
 public:
  submitted_call(Function function, blocking_pool& pool, std::shared_ptr<call_counts> counts)
      : function_(std::move(function)), pool_(pool), counts_(std::move(counts)) {
    promise_.on_cancel(withdrawal{this, nullptr});
  }

  [[nodiscard]] concurrent_future<T> get_future() const { return promise_.get_future(); }

  void work() noexcept override {
    const std::unique_ptr<submitted_call> self(this);
    --counts_->waiting;
    if (!promise_.set_running()) {
      --counts_->all;
      return;
    }
    promise_.set_result_of([this]() -> T {
      const gone_when_it_returns last{*this};
      return (*function_)();
    });
  }
  void refuse(std::exception_ptr why) noexcept override {
    const std::unique_ptr<submitted_call> self(this);
    --counts_->waiting;
    --counts_->all;
    promise_.set_exception(std::move(why));
  }

 private:
  struct gone_when_it_returns {
    submitted_call& call;
    ~gone_when_it_returns() {
      call.function_.reset();
      --call.counts_->all;
    }
  };
  /// Called under the future's lock, and destroyed outside of it: only then may the call and its promise go.
  struct withdrawal {
    submitted_call* call;
    std::unique_ptr<submitted_call> withdrawn;
    void operator()() {
      if (!call->pool_.withdraw(*call)) return;
      --call->counts_->waiting;
      --call->counts_->all;
      withdrawn.reset(call);
    }
  };

  std::optional<Function> function_;
  concurrent_promise<T> promise_;
  blocking_pool& pool_;
  std::shared_ptr<call_counts> counts_;
};

}  // namespace detail

/// Threads of its own for calls that block or compute, bounded in number and in what waits for them.
///
/// ```cpp
/// thread_pool_executor pool({.max_workers = 4});
/// auto prime = pool.submit(is_prime, 9637529763296797);       // from any thread; prime.result() blocks
/// bool other = co_await run_in_executor(pool, is_prime, 157);  // in a task, which may be of any loop
/// ```
///
/// Calls begin in the order in which they come. Threads start when there is work and nobody idle. May be used by any number of
/// threads at once; must outlive what was handed to it, which its destructor waits for. Not to be destroyed by a call of its
/// own. Counterpart: concurrent.futures.ThreadPoolExecutor.
class thread_pool_executor {
 public:
  /// Throws std::invalid_argument if there are to be no workers.
  explicit thread_pool_executor(thread_pool_options options = {});
  /// `shutdown()`. Blocks.
  ~thread_pool_executor();
  thread_pool_executor(const thread_pool_executor&) = delete;
  thread_pool_executor& operator=(const thread_pool_executor&) = delete;

  /// Has a thread call `function(args...)`. Everything is moved there, and destroyed there before the result can be seen.
  ///
  /// Never blocks: throws `executor_full` at the bound, `invalid_state_error` after `shutdown`, `broken_thread_pool`.
  /// `cancel()` of the future takes it out of the line until it has begun, with all of that. Context variables are the thread's own.
  /// Counterpart: Executor.submit.
  template <class Function, class... Args>
  auto submit(Function function, Args... args) {
    detail::require_plain_function<Function, Args...>();
    return hand_over(max_calls_,
                     [function = std::move(function), ... args = std::move(args)]() mutable -> decltype(auto) {
                       return function(std::move(args)...);
                     });
  }

  /// Calls `function` with each element of `elements`, on several threads at once, and gives the results in the order of the
  /// elements, which are moved out of a container and copied from a view. No more than `buffer` calls are ahead of the one whose
  /// result was taken last, so the range may be endless. That is their bound; `executor_full` is not for them.
  ///
  /// The first error ends it. Ended or closed early, it cancels the calls that have not begun and leaves the others to themselves:
  /// they must own what they use. The pool must outlive the generator. Counterpart: Executor.map.
  template <class Function, std::ranges::input_range Range>
  HOCKET_CORO_WRAPPER auto map(Function function, Range elements, map_options options = {}) {
    detail::require_plain_function<const Function, std::ranges::range_value_t<Range>>();
    using value = std::remove_cvref_t<std::invoke_result_t<const Function&, std::ranges::range_value_t<Range>>>;
    static_assert(!std::is_void_v<value>, "map gives the results of its function, which has none: return something");
    return map_all<value>(*this, std::make_shared<const Function>(std::move(function)), std::move(elements), options);
  }

  /// Takes nothing more from here on. Blocks if it is to wait: in a task, `co_await to_thread([&pool] { pool.shutdown(); })`.
  /// Calls that are cancelled throw `cancelled`. Throws `invalid_state_error` if a call of its own wants to wait for it.
  /// May be called again. Counterpart: Executor.shutdown.
  void shutdown(shutdown_options options = {});

  [[nodiscard]] std::size_t max_workers() const noexcept { return max_workers_; }
  /// Calls submitted that have not begun.
  [[nodiscard]] std::size_t pending() const noexcept { return counts_->waiting; }

  /// For `run_in_executor`.
  [[nodiscard]] blocking_pool& threads() noexcept { return threads_; }

 private:
  static constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

  template <class Function>
  auto hand_over(std::size_t bound, Function function) {
    using call = detail::submitted_call<std::remove_cvref_t<std::invoke_result_t<Function&>>, Function>;
    auto made = std::make_unique<call>(std::move(function), threads_, counts_);
    auto future = made->get_future();
    enter(*made, bound);
    static_cast<void>(made.release());
    return future;
  }
  void enter(blocking_job& job, std::size_t bound);

  template <class T, class Function, class Range>
  static async_generator<T> map_all(thread_pool_executor& pool, Function function, Range elements, map_options options);

  const std::size_t max_workers_;
  const std::size_t max_calls_;
  const std::shared_ptr<detail::call_counts> counts_ = std::make_shared<detail::call_counts>();
  std::mutex ending_;  // one at a time waits for the threads
  blocking_pool threads_;
};

namespace detail {

/// A container: constant, it has constant elements, so they are its own and may be moved out of it.
template <class Range>
concept owns_elements =
    !std::ranges::view<Range> && std::ranges::input_range<const Range> &&
    !std::same_as<std::ranges::range_reference_t<const Range>, std::ranges::range_reference_t<Range>> &&
    std::same_as<std::ranges::range_reference_t<Range>, std::ranges::range_value_t<Range>&>;

template <class Range, class Place>
std::ranges::range_value_t<Range> take_element(const Place& place) {
  if constexpr (owns_elements<Range>)
    return std::ranges::iter_move(place);
  else
    return *place;
}

template <class Function, class Element>
auto call_shared(Function function, Element element) {
  return [function = std::move(function), element = std::move(element)]() mutable {
    return (*function)(std::move(element));
  };
}

}  // namespace detail

template <class T, class Function, class Range>
async_generator<T> thread_pool_executor::map_all(thread_pool_executor& pool, Function function, Range elements,
                                                 map_options options) {
  std::optional<time_point> deadline;
  if (options.timeout) deadline = loop::running().time_after(*options.timeout);
  const std::size_t buffer = options.buffer > 0 ? options.buffer : 2 * pool.max_workers();
  detail::futures_in_line<T> line;
  auto next = std::ranges::begin(elements);
  for (;;) {
    for (; next != std::ranges::end(elements) && line.size() < buffer; ++next)
      line.push_back(pool.hand_over(unbounded, detail::call_shared(function, detail::take_element<Range>(next))));
    if (line.empty()) co_return;
    concurrent_future<T> first = std::move(line.front());
    line.pop_front();
    co_yield co_await with_timeout_at(deadline, std::move(first));
  }
}

/// Runs `function(args...)` on a thread of `pool` and gives what it returns or throws: `to_thread` on other threads, by the same
/// rules for context variables and cancellation. The task waits in the pool's line, so a bound for what is submitted is none
/// for it. Throws `invalid_state_error` after `shutdown`, `broken_thread_pool`, and `cancelled` if the shutdown cancels it.
/// With null instead of a pool it is `to_thread`. Counterpart: loop.run_in_executor.
template <class Function, class... Args>
[[nodiscard]] auto run_in_executor(thread_pool_executor& pool, Function function, Args... args) {
  return detail::call_on(&pool.threads(), std::move(function), std::move(args)...);
}
template <class Function, class... Args>
[[nodiscard]] auto run_in_executor(std::nullptr_t, Function function, Args... args) {
  return detail::call_on(nullptr, std::move(function), std::move(args)...);
}

}  // namespace hocket
