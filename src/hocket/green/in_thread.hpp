#pragma once

#include <concepts>
#include <source_location>
#include <utility>

#include <hocket/exec/to_thread.hpp>
#include <hocket/green/wait.hpp>

namespace hocket::green {

/// Runs `function` on the loop's pool of threads and waits for what it gives: for what blocks and cannot be made to wait.
/// Counterpart: gevent's threadpool.apply.
template <std::invocable Function>
decltype(auto) in_thread(Function function, std::source_location where = std::source_location::current()) {
  return green::wait(hocket::to_thread(std::move(function)), where);
}

}  // namespace hocket::green
