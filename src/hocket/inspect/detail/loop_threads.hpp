#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include <sys/types.h>

#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

/// Whose variable that is, of those that each thread of a process has for itself (`thread_local`). Nothing if it cannot be told. Throws `unreadable`:
/// no_such_process, not_permitted.
[[nodiscard]] std::optional<pid_t> thread_of_variable(pid_t process, address variable);

/// What a thread of another process has of the processors.
class thread_use {
 public:
  thread_use(pid_t process, pid_t thread);
  thread_use(thread_use&& other) noexcept;
  ~thread_use();

  struct reading {
    bool is_on = false;                 // it is on one, or waits for one
    std::chrono::nanoseconds used{};    // since it began; of one that is on, up to some milliseconds ago
    std::chrono::nanoseconds waited{};  // for one, likewise; of one that waits, before that
  };
  /// Nothing if it has ended, or the system does not tell.
  [[nodiscard]] std::optional<reading> read() const noexcept;

 private:
  int state_;
  int times_;
};

/// The threads that run loops, by the variables in which these say so.
class loop_threads {
 public:
  explicit loop_threads(pid_t process) noexcept : process_(process) {}

  /// What a thread used, and how long it waited, from the last sample to this one; nothing of it is known from one that it was not asked for in. Samples are numbered, from
  /// one. Throws as `thread_of_variable`.
  [[nodiscard]] std::optional<thread_use::reading> use_in(std::uint64_t sample, address variable);

 private:
  struct known {
    std::optional<thread_use> use{};
    std::uint64_t sample = 0;  // the last one, or the one in which it was looked for in vain
    thread_use::reading last{};
  };
  [[nodiscard]] std::optional<thread_use::reading> read(known& thread, std::uint64_t sample, address variable);

  const pid_t process_;
  std::unordered_map<address, known> known_;
};

}  // namespace hocket::inspect::detail
