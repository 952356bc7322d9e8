#pragma once

#include <exception>
#include <string>

#include <hocket/core/cancelled.hpp>

namespace hocket::testing {

/// What an error says; of a cancellation that it is one.
inline std::string told(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (const cancelled&) {
    return "cancelled";
  }
}

}  // namespace hocket::testing
