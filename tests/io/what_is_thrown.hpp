#pragma once

#include <exception>
#include <string>
#include <utility>

#include <hocket/core/coro.hpp>

namespace hocket::testing {

/// The words of the exception that ends the operation, or that the generator's next step throws; "nothing" if none does.
template <class Awaitable>
coro<std::string> what_is_thrown(Awaitable&& work) {
  try {
    if constexpr (requires { work.next(); })
      static_cast<void>(co_await work.next());
    else
      static_cast<void>(co_await std::move(work));
  } catch (const std::exception& error) {
    co_return error.what();
  }
  co_return "nothing";
}

}  // namespace hocket::testing
