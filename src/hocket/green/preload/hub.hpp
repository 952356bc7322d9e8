#pragma once

#include <concepts>
#include <utility>

#include <pthread.h>

#include <hocket/loop/loop.hpp>

namespace hocket::green::preload {

/// The thread on which every green thread of the program runs. Begins with the first of them, and ends with the process.
class hub {
 public:
  hub(const hub&) = delete;

  /// Starts it if need be. Throws `std::system_error`.
  [[nodiscard]] static hub& of_process();
  [[nodiscard]] static bool is_this_thread() noexcept;

  /// Calls `function` on it, soon. From any thread.
  template <std::invocable Function>
  void call(Function function) {
    loop_.call_soon_threadsafe(std::move(function));
  }
  [[nodiscard]] pthread_t thread() const noexcept { return thread_; }

 private:
  hub();

  loop loop_;
  pthread_t thread_{};
};

}  // namespace hocket::green::preload
