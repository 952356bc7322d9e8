#pragma once

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

#include <hocket/core/concurrent_future.hpp>
#include <hocket/core/task.hpp>
#include <hocket/exec/to_thread.hpp>

namespace hocket {

/// Awaits a `concurrent_future`, as `co_await std::move(future)` does: no thread waits. Counterpart: asyncio.wrap_future.
template <class T>
[[nodiscard]] auto wrap_future(concurrent_future<T> future) noexcept {
  return std::move(future).operator co_await();
}

/// Awaits a `std::future`: a thread of the loop's blocking pool waits for it, and the task gets its value or its exception.
///
/// Cancelled, it throws `cancelled` at once; the thread lets go within a twentieth of a second, drops the future there, and the
/// result is lost. The future of `std::async` waits for its function when it is dropped, and so does the end of `run` then.
/// Each wait takes a thread: for a few, not for hundreds.
template <class T>
[[nodiscard]] auto wrap_future(std::future<T> future) {
  auto wait = [future = std::move(future)](const std::atomic<bool>& abandoned) mutable -> T {
    constexpr auto between_looks = std::chrono::milliseconds(50);  // nobody tells a std::future that it is not needed
    auto mine = std::move(future);                                 // its destructor may block
    while (mine.wait_for(between_looks) == std::future_status::timeout)
      if (abandoned) throw cancelled{};
    return mine.get();
  };
  return detail::abandonable_operation<decltype(wait)>(std::move(wait));
}

/// A `std::future` of what becomes of `work`, for another thread: to wait for it on the loop's own would wait for ever.
///
/// The value is copied if it can be, and moved out of the task otherwise. A cancelled task gives `cancelled`; a loop that is destroyed
/// before it could tell, std::future_error. On the loop's thread. Counterpart: concurrent.futures.Future of a task.
template <class T>
[[nodiscard]] std::future<T> to_std_future(const task<T>& work) {
  const auto promise = std::make_shared<std::promise<T>>();
  // Dies before the promise if the next line throws: to break a promise that somebody waits for takes memory, in a destructor.
  auto future = promise->get_future();
  work.add_done_callback([promise](const task<T>& ended) {
    try {
      if (ended.was_cancelled()) throw cancelled{};
      if constexpr (std::is_void_v<T>) {
        ended.result();
        promise->set_value();
      } else if constexpr (std::is_copy_constructible_v<T>) {
        promise->set_value(ended.result());
      } else {
        promise->set_value(ended.record()->result().take());
      }
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  });
  return future;
}

}  // namespace hocket
