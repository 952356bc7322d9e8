#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <hocket/base/process_layout.hpp>

namespace hocket::detail {

/// A descriptor that is closed with its owner.
class owned_descriptor {
 public:
  owned_descriptor() noexcept = default;
  explicit owned_descriptor(int number) noexcept : number_(number) {}
  owned_descriptor(owned_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  owned_descriptor& operator=(owned_descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~owned_descriptor();

  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_ = -1;
};

/// The environment variable by which a worker knows what it is: the process id of its pool.
inline constexpr const char* worker_mark = "HOCKET_PROCESS_WORKER";
/// The descriptor on which a worker talks to its pool.
inline constexpr int worker_socket = 3;

/// The environment of this process, as "name=value", but for the mark. To be called where nobody changes it.
[[nodiscard]] std::vector<std::string> environment_of_workers();

/// A child that runs this program as a worker, and this end of the socket to it.
///
/// Linux kills the child when the *thread* that called `start` ends: it must outlive the child. The destructor kills and reaps.
class worker_process {
 public:
  /// In `environment`, and with the mark. Throws std::system_error.
  [[nodiscard]] static worker_process start(const std::string& executable, const std::vector<std::string>& environment,
                                            std::size_t number, std::size_t of);
  worker_process(worker_process&&) noexcept = default;
  ~worker_process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] int socket() const noexcept { return socket_.get(); }
  /// Readable once the process has ended.
  [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

  void signal(int number) noexcept;
  /// No more messages for it: it ends when it has read those that it has.
  void end_input() noexcept;
  /// Waits for its end and says how it came: "was killed by SIGSEGV".
  [[nodiscard]] std::string reap();

 private:
  template <class>
  friend struct process_layout;

  worker_process(owned_descriptor socket, owned_descriptor pidfd, pid_t pid) noexcept
      : socket_(std::move(socket)), pidfd_(std::move(pidfd)), pid_(pid) {}

  owned_descriptor socket_;
  owned_descriptor pidfd_;
  pid_t pid_;
};

}  // namespace hocket::detail
