#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

/// Where the threads of a process have their variables, of which each has one for itself (`thread_local`), as it was when this was made.
class thread_variables {
 public:
  /// Throws `unreadable`: no_such_process, not_permitted.
  explicit thread_variables(pid_t process);

  /// Whose variable that is. Nothing if it cannot be told.
  [[nodiscard]] std::optional<pid_t> thread_of(address variable) const;

 private:
  std::vector<mapping> mappings_;                   // by their addresses
  std::vector<std::pair<address, pid_t>> threads_;  // by what stands beside their variables
};

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
  /// Nothing if it has ended, or the system does not tell. Whether it is on a processor is asked last.
  [[nodiscard]] std::optional<reading> read() const noexcept;
  /// False if that cannot be told.
  [[nodiscard]] bool is_on() const noexcept;

 private:
  int state_;
  int times_;
};

/// The threads that run loops, by the variables in which these say so.
class loop_threads {
 public:
  explicit loop_threads(pid_t process) noexcept : process_(process) {}

  /// What a thread used, and how long it waited, from the last sample to this one; nothing of it is known from one that it was not asked for in. Samples are numbered, from
  /// one. Throws as `thread_variables`.
  [[nodiscard]] std::optional<thread_use::reading> use_in(std::uint64_t sample, address variable);
  /// Whether the thread is on a processor still. Precondition: it is known, by `use_in`.
  [[nodiscard]] bool is_on(address variable) const noexcept;

 private:
  struct known {
    std::optional<thread_use> use{};
    std::uint64_t sample = 0;  // the last one, or the one in which it was looked for in vain
    thread_use::reading last{};
  };
  [[nodiscard]] std::optional<thread_use::reading> read(known& thread, std::uint64_t sample, address variable);

  [[nodiscard]] std::optional<pid_t> look_for(std::uint64_t sample, address variable);

  const pid_t process_;
  std::unordered_map<address, known> known_;
  // Of the last sample in which one was looked for.
  std::optional<thread_variables> variables_;
  std::uint64_t variables_of_ = 0;
};

}  // namespace hocket::inspect::detail
