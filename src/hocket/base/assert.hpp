#pragma once

namespace hocket::detail {

/// Prints what was expected to hold and where, then ends the program.
[[noreturn]] void assertion_failed(const char* condition, const char* meaning, const char* file, int line) noexcept;

}  // namespace hocket::detail

/// Checks in every build. For rules whose breach would corrupt memory, such as an operation destroyed in flight.
#define HOCKET_ASSERT(condition, meaning) \
  ((condition) ? static_cast<void>(0) : ::hocket::detail::assertion_failed(#condition, meaning, __FILE__, __LINE__))
