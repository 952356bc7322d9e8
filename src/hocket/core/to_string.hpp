#pragma once

#include <ostream>
#include <string>

#include <hocket/core/future.hpp>
#include <hocket/core/future_like.hpp>
#include <hocket/core/task.hpp>

namespace hocket {

namespace detail {
[[nodiscard]] std::string description(future_base& of);
}

/// What a task or future is, on one line, for logs and debuggers:
///
///     <Task pending name='page' coro=crawl() waiting for sleep in fetch() pages.cpp:6>
///     <Task finished name='Task-7' made at pages.cpp:11>
///     <Future pending made at pages.cpp:12>
///
/// `coro` is the task's outermost coroutine, `in` the innermost. On the thread of its loop. Counterpart: repr of asyncio.Task.
template <future_like Handle>
[[nodiscard]] std::string to_string(const Handle& of) {
  return detail::description(*of.record());
}

/// The same for streams, and so for whatever formats by them: `fmt::streamed(task)`.
template <future_like Handle>
std::ostream& operator<<(std::ostream& to, const Handle& of) {
  return to << to_string(of);
}

/// The same for fmt, from its version 10 on: `fmt::print("{}", task)`.
template <future_like Handle>
[[nodiscard]] std::string format_as(const Handle& of) {
  return to_string(of);
}

}  // namespace hocket
