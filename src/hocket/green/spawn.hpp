#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <source_location>
#include <string_view>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/green/detail/carry.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// How a green thread is made.
struct spawn_options {
  std::string_view name{};  // copied
  std::size_t stack_size = default_stack_size;
  const hocket::context* context = nullptr;  // as that of `task_options`
  std::source_location created = std::source_location::current();
};

/// A coroutine that runs `function` on a stack of its own, where it may `wait`: for whatever takes coroutines, as a task group does. The stack
/// is taken when it begins and given back when it ends. Throws what `function` throws; `std::system_error` if there is no
/// memory for the stack.
template <std::invocable Function>
[[nodiscard]] HOCKET_CORO_OWNING_WRAPPER auto run(Function function, std::size_t stack_size = default_stack_size) {
  return detail::carry(std::move(function), stack_size);
}

/// Schedules `function` on the running loop as a task whose frame is a stack, and returns a handle on it like any other's: it is awaited,
/// cancelled, named and inspected as a task is. It begins in the next turn. Counterpart: gevent.spawn.
template <std::invocable Function>
auto spawn(Function function, const spawn_options& options = {}) {
  return create_task(run(std::move(function), options.stack_size),
                     {.name = options.name, .context = options.context, .created = options.created});
}

/// The same after `after`. Cancelled before, it never begins. Counterpart: gevent.spawn_later.
template <std::invocable Function>
auto spawn_later(delay after, Function function, const spawn_options& options = {}) {
  return create_task(detail::carry_later(after, std::move(function), options.stack_size),
                     {.name = options.name, .context = options.context, .created = options.created});
}

}  // namespace hocket::green
