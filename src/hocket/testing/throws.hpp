#pragma once

#include <utility>

#include <hocket/core/coro.hpp>

namespace hocket::testing {

/// Awaits `work`: true if that throws an `Error`, false if it returns. Any other exception passes. For where a macro with a
/// `co_await` in it would not do: `EXPECT_TRUE(co_await throws<timeout_error>(wait_for(queue.get(), 1s)))`.
template <class Error, awaitable Work>
coro<bool> throws(Work work) {
  try {
    static_cast<void>(co_await std::move(work));
  } catch (const Error&) {
    co_return true;
  }
  co_return false;
}

}  // namespace hocket::testing
