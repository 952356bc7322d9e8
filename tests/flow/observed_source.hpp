#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <hocket/core/async_generator.hpp>

namespace hocket::testing {

/// What became of an `observed_source`.
struct observed {
  int given = 0;
  bool ended = false;  // not if it was only dropped
};

/// Gives 1, 2 and so on up to `last`.
inline async_generator<int> observed_source(observed& seen, int last = 1'000'000) {
  try {
    while (seen.given < last) co_yield ++seen.given;
  } catch (...) {
    seen.ended = true;
    throw;
  }
  seen.ended = true;
}

/// True if the outcome of `as_result` is an exception of that type.
template <class Error, class Outcome>
bool threw(const Outcome& outcome) {
  if (outcome.has_value()) return false;
  try {
    std::rethrow_exception(outcome.error());
  } catch (const Error&) {
    return true;
  } catch (...) {
    return false;
  }
}

/// What the exception has to say that the outcome of `as_result` is.
template <class Outcome>
std::string message_of(const Outcome& outcome) {
  if (outcome.has_value()) return "it has not failed";
  try {
    std::rethrow_exception(outcome.error());
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "not a std::exception";
  }
}

/// What `call()` has to say when it throws.
template <class Call>
std::string message_of_call(Call call) {
  try {
    static_cast<void>(call());
    return "it has not failed";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace hocket::testing
