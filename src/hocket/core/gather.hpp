#pragma once

#include <exception>
#include <expected>
#include <memory>
#include <tuple>
#include <variant>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>

namespace hocket {

/// Given first to `gather`: errors are results too.
struct return_exceptions_t {};
inline constexpr return_exceptions_t return_exceptions{};

namespace detail {

/// Waits for a number of tasks. Cancelled, it cancels them all and ends when they have; from then on it is deaf.
class gather_operation final : public operation {
 public:
  enum class until : std::uint8_t { all_ended, first_error };

  gather_operation(std::size_t capacity, until when);
  gather_operation(const gather_operation&) = delete;
  ~gather_operation();

  void add(task_base& child);

  // g++ 12 copies an awaiter that is an lvalue.
  struct by_reference {
    gather_operation& wait;
    [[nodiscard]] bool await_ready() const noexcept { return wait.await_ready(); }
    void await_suspend(std::coroutine_handle<> waiter) { wait.await_suspend(waiter); }
    void await_resume() { wait.await_resume(); }
  };
  [[nodiscard]] by_reference operator co_await() noexcept { return {*this}; }

  [[nodiscard]] bool await_ready() const noexcept { return has_enough(); }
  void await_suspend(std::coroutine_handle<> waiter) { suspend(waiter); }
  /// Throws `cancelled` if the wait was cancelled.
  void await_resume();

  bool stop() noexcept override;

  /// The child that failed or was cancelled first, or null.
  [[nodiscard]] task_base* first_error() const noexcept { return first_error_; }

 private:
  // Stands among a child's waiters.
  class watcher final : public ready_node {
   public:
    watcher(gather_operation& owner, task_base& child) noexcept : owner_(owner), child_(child) { child.retain(); }
    ~watcher() {
      if (is_linked()) unlink();
      child_.release();
    }
    void run() noexcept override { owner_.child_ended(child_); }
    [[nodiscard]] task_base& child() const noexcept { return child_; }

   private:
    gather_operation& owner_;
    task_base& child_;
  };

  void child_ended(task_base& child) noexcept;
  [[nodiscard]] bool has_enough() const noexcept {
    return left_ == 0 || (first_error_ != nullptr && until_ == until::first_error && !passed_on_);
  }

  watcher* watchers_ = nullptr;  // a block for `capacity_`, so that they never move
  std::size_t capacity_;
  std::size_t count_ = 0;
  std::size_t left_ = 0;
  task_base* first_error_ = nullptr;
  until until_;
  bool passed_on_ = false;  // a cancellation, to the children
};

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

template <class Awaitable>
using gathered_t = std::remove_cvref_t<await_result_t<Awaitable>>;
template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class Awaitable>
auto ensure_task(Awaitable work) {
  if constexpr (is_task<Awaitable>)
    return work;
  else
    return create_task(std::move(work));
}

template <class Awaitable>
using ensured_t = decltype(ensure_task(std::declval<Awaitable>()));

/// Throws the error that came first, once nothing refers to the caller's frame any more.
void throw_first_error(const gather_operation& wait);

template <class T>
value_or_monostate<T> value_of(const task<T>& done) {
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return done.record()->result().take();
}
// A task that others may hold keeps its value.
template <class T>
value_or_monostate<T> shared_value_of(const task<T>& done) {
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return done.record()->result().look();
}

template <class Given, class T>
value_or_monostate<T> gathered_value(const task<T>& done) {
  if constexpr (is_task<Given>)
    return shared_value_of(done);
  else
    return value_of(done);
}

template <class Given, class T>
std::expected<T, std::exception_ptr> gathered_outcome(const task<T>& done) {
  if (done.was_cancelled()) return std::unexpected(std::make_exception_ptr(cancelled{}));
  if (done.record()->failed()) return std::unexpected(done.record()->error());
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return gathered_value<Given>(done);
}

template <class... Awaitables>
inline constexpr auto ends =
    (is_task<Awaitables> && ...) ? gather_operation::until::first_error : gather_operation::until::all_ended;

}  // namespace detail

/// Runs all of them concurrently and gives their results in the order of the arguments: nothing if all are void, otherwise a
/// tuple with `std::monostate` for void.
///
/// Coroutines become tasks; they may refer to the caller's frame, for `gather` ends only when all have: the others go on
/// when one fails, and then the first error is thrown. Of tasks alone the first error is thrown at once, and the others
/// go on. Cancelling the gather cancels all of them and throws `cancelled` when they have ended. Counterpart: asyncio.gather.
template <awaitable... Awaitables>
auto gather(Awaitables... works)
    -> coro<std::conditional_t<(std::is_void_v<detail::gathered_t<Awaitables>> && ...), void,
                               std::tuple<detail::value_or_monostate<detail::gathered_t<Awaitables>>...>>> {
  std::tuple<detail::ensured_t<Awaitables>...> tasks{detail::ensure_task(std::move(works))...};
  detail::gather_operation wait(sizeof...(works), detail::ends<Awaitables...>);
  std::apply([&wait](auto&... each) { (wait.add(*each.record()), ...); }, tasks);
  co_await wait;
  detail::throw_first_error(wait);
  if constexpr (!(std::is_void_v<detail::gathered_t<Awaitables>> && ...)) {
    co_return std::apply(
        [](auto&... each) {
          return std::tuple<detail::value_or_monostate<detail::gathered_t<Awaitables>>...>{
              detail::gathered_value<Awaitables>(each)...};
        },
        tasks);
  }
}

/// The same for any number of one kind: gives a vector, or nothing for void.
template <awaitable Awaitable>
auto gather(std::vector<Awaitable> works)
    -> coro<std::conditional_t<std::is_void_v<detail::gathered_t<Awaitable>>, void,
                               std::vector<detail::value_or_monostate<detail::gathered_t<Awaitable>>>>> {
  std::vector<decltype(detail::ensure_task(std::move(works.front())))> tasks;
  tasks.reserve(works.size());
  detail::gather_operation wait(works.size(), detail::ends<Awaitable>);
  for (Awaitable& work : works) {
    tasks.push_back(detail::ensure_task(std::move(work)));
    wait.add(*tasks.back().record());
  }
  works.clear();
  co_await wait;
  detail::throw_first_error(wait);
  if constexpr (!std::is_void_v<detail::gathered_t<Awaitable>>) {
    std::vector<detail::gathered_t<Awaitable>> values;
    values.reserve(tasks.size());
    for (auto& each : tasks) values.push_back(detail::gathered_value<Awaitable>(each));
    co_return values;
  }
}

/// As `gather`, but waits for all and gives a `std::expected<T, std::exception_ptr>` for each.
template <awaitable... Awaitables>
auto gather(return_exceptions_t, Awaitables... works)
    -> coro<std::tuple<std::expected<detail::gathered_t<Awaitables>, std::exception_ptr>...>> {
  std::tuple<detail::ensured_t<Awaitables>...> tasks{detail::ensure_task(std::move(works))...};
  detail::gather_operation wait(sizeof...(works), detail::gather_operation::until::all_ended);
  std::apply([&wait](auto&... each) { (wait.add(*each.record()), ...); }, tasks);
  co_await wait;
  co_return std::apply(
      [](auto&... each) {
        return std::tuple<std::expected<detail::gathered_t<Awaitables>, std::exception_ptr>...>{
            detail::gathered_outcome<Awaitables>(each)...};
      },
      tasks);
}

template <awaitable Awaitable>
auto gather(return_exceptions_t, std::vector<Awaitable> works)
    -> coro<std::vector<std::expected<detail::gathered_t<Awaitable>, std::exception_ptr>>> {
  std::vector<decltype(detail::ensure_task(std::move(works.front())))> tasks;
  tasks.reserve(works.size());
  detail::gather_operation wait(works.size(), detail::gather_operation::until::all_ended);
  for (Awaitable& work : works) {
    tasks.push_back(detail::ensure_task(std::move(work)));
    wait.add(*tasks.back().record());
  }
  co_await wait;
  std::vector<std::expected<detail::gathered_t<Awaitable>, std::exception_ptr>> outcomes;
  outcomes.reserve(tasks.size());
  for (auto& each : tasks) outcomes.push_back(detail::gathered_outcome<Awaitable>(each));
  co_return outcomes;
}

}  // namespace hocket
