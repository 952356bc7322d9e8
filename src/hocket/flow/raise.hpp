#pragma once

#include <concepts>
#include <exception>
#include <utility>

#include <hocket/core/async_generator.hpp>

namespace hocket::flow {

/// No item: throws `error`, an exception or a std::exception_ptr, when one is asked for. Counterpart: aiostream.stream.throw.
template <class T, class Error>
[[nodiscard]] async_generator<T> raise(Error error) {
  if constexpr (std::same_as<Error, std::exception_ptr>)
    std::rethrow_exception(std::move(error));
  else
    throw error;
  co_return;
}

}  // namespace hocket::flow
