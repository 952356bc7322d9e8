#pragma once

#include <source_location>
#include <type_traits>
#include <utility>

#include <hocket/deferred/deferred.hpp>
#include <hocket/exec/to_thread.hpp>

namespace hocket {

/// Calls `function` on the loop's pool of threads; its result is that of the deferred, whose callbacks run on the loop's thread. Cancelled, it is taken
/// back if it has not begun; else its end is waited for. Counterpart: twisted.internet.threads.deferToThread.
template <class Function>
auto defer_to_thread(Function function, std::source_location created = std::source_location::current()) {
  using value = std::remove_cvref_t<std::invoke_result_t<Function&>>;
  const auto call = [](Function given) -> coro<value> { co_return co_await to_thread(std::move(given)); };
  return ensure_deferred(call(std::move(function)), created);
}

}  // namespace hocket
