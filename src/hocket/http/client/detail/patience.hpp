#pragma once

#include <algorithm>

#include <hocket/base/error.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

/// How long an exchange waits: until `deadline` in all, and for `each` arrival or departure of bytes.
struct patience {
  time_point deadline{};
  duration each{};

  /// Waits no longer than that from here on.
  void hurry(time_point until) noexcept { deadline = std::min(deadline, until); }

  /// Of a wait that begins now.
  [[nodiscard]] time_point bound() const { return std::min(deadline, loop::running().time_after(each)); }
  [[nodiscard]] bool is_over() const { return loop::running().time() >= deadline; }
  /// Throws `timeout_error`, of a wait that has reached its bound: `otherwise` if it was for `each`.
  [[noreturn]] void give_up(const char* otherwise) const {
    throw timeout_error(is_over() ? "no complete answer in time" : otherwise);
  }
};

}  // namespace hocket::http::detail
