#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <hocket/core/awaitable.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/run.hpp>

namespace hocket {

/// Where a coroutine of `run_loops` runs. A value; what it refers to exists until `run_loops` returns.
struct loop_place {
  std::size_t index = 0;  // from 0
  /// All loops, in order, this one too: for `spawn_on`, which throws `loop_closed` of those that have ended.
  std::span<hocket::loop* const> loops{};

  [[nodiscard]] std::size_t count() const noexcept { return loops.size(); }
  /// Precondition: there is such a one.
  [[nodiscard]] hocket::loop& loop(std::size_t which) const noexcept { return *loops[which]; }
};

struct run_loops_options {
  /// For each of the loops as for `run`, with these differences: the threads share what `clock`, `make_backend` and
  /// `loop_factory` refer to, and call it at the same time; a `seed` is that of the first loop, and each further one has the
  /// next number; `handle_sigint` is about all of them.
  run_options each{};
  /// Keeps each thread on one processor of those that the calling thread may use, the next one for each, round and round. The
  /// threads of the loop's pool stay there with it.
  bool pin_threads = false;
  /// What the system calls the threads: this, a hyphen and the index. It takes 15 bytes; of a longer one the end is left out.
  std::string thread_name = "loop";
};

/// The processors that the calling thread may use: those of its affinity mask (sched_getaffinity(2)), not those of the machine.
/// Throws std::system_error.
[[nodiscard]] std::size_t usable_processors();

namespace detail {

/// Threads that each run a loop, and what becomes of them.
class loop_team {
 public:
  /// Begins `size` threads (0: `usable_processors`) and makes a loop on each; nothing runs yet. Throws, and then none is left.
  loop_team(std::size_t size, run_loops_options options);
  ~loop_team();
  loop_team(const loop_team&) = delete;
  loop_team& operator=(const loop_team&) = delete;

  [[nodiscard]] std::size_t size() const noexcept;

  /// Has each thread call `work`, waits until every loop has ended, and throws what `run_loops` throws. Called once.
  void run(const std::function<void(runner&, const loop_place&)>& work);

 private:
  class state;
  std::unique_ptr<state> state_;
};

/// The callable stays where it is, which is longer than its coroutine runs.
template <class Value, class Function, class Argument>
coro<Value> call_on_its_loop(Function& function, Argument place) {
  co_return co_await function(std::move(place));
}

template <class Function>
using loops_argument_t = std::conditional_t<std::is_invocable_v<Function&, const loop_place&>, loop_place, std::size_t>;

template <class Function>
using loops_result_t = std::remove_cvref_t<await_result_t<std::invoke_result_t<Function&, loops_argument_t<Function>>>>;

}  // namespace detail

/// Runs `count` loops, each on a thread of its own, and on each of them to its end the coroutine that `function(place)` or
/// `function(index)` gives; 0: as many as there are `usable_processors`. The calling thread waits. A task never moves to
/// another loop: they share nothing but what you give them (`spawn_on`, concurrent channels).
///
/// ```cpp
/// hocket::run_loops(0, [&](hocket::loop_place place) -> hocket::coro<void> { co_await serve(place, address); });
/// ```
///
/// All loops are made before anything runs on one. Each has a copy of `function`, made here, called on its thread, alive until
/// `run_loops` returns: it and its coroutines may refer to what the caller has, which several threads then use at once. Each
/// begins with a copy of the caller's context variables.
///
/// Gives the results in the order of the loops, or nothing if they are void. Each loop ends as `run` does, with its own main
/// coroutine, and is closed then: the others go on. All exist until `run_loops` returns.
///
/// The first coroutine that fails cancels the main tasks of the other loops, which clean up and end in order. Then its
/// exception is thrown; if several failed, an `exception_group` of them in the order in which they did. Throws `cancelled` if
/// none failed and one was cancelled (by itself: that disturbs no other).
///
/// Ctrl-C, on the process's first thread, is as with `run`: the first one cancels the main tasks of all loops; when every loop
/// has ended and been cleaned up the process ends by SIGINT, unless all of them swallowed the cancellation, or one failed. The
/// second one ends the process at once. SIGTERM is not handled.
///
/// If a thread or a loop cannot be made, or not be pinned, nothing runs, those that were made are ended, and that is thrown:
/// std::system_error with the number of the loop, or what the options' factories throw. Throws `invalid_state_error` if this
/// thread runs a loop, which would be blocked: `co_await to_thread` there.
template <class Function>
  requires awaitable<std::invoke_result_t<Function&, detail::loops_argument_t<Function>>>
auto run_loops(std::size_t count, Function function, run_loops_options options = {}) {
  static_assert(std::is_copy_constructible_v<Function>, "each loop has a copy of what it calls");
  using value = detail::loops_result_t<Function>;
  using stored = std::conditional_t<std::is_void_v<value>, std::monostate, value>;
  detail::loop_team team(count, std::move(options));
  std::vector<Function> functions(team.size(), function);
  std::vector<std::optional<stored>> ended(team.size());
  team.run([&](runner& on, const loop_place& place) {
    detail::loops_argument_t<Function> argument{};
    if constexpr (std::is_same_v<decltype(argument), loop_place>)
      argument = place;
    else
      argument = place.index;
    auto main = detail::call_on_its_loop<value>(functions[place.index], argument);
    if constexpr (std::is_void_v<value>)
      on.run(std::move(main));
    else
      ended[place.index].emplace(on.run(std::move(main)));
  });
  if constexpr (!std::is_void_v<value>) {
    std::vector<value> results;
    results.reserve(ended.size());
    for (auto& each : ended) results.push_back(std::move(*each));
    return results;
  }
}

}  // namespace hocket
