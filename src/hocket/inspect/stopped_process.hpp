#pragma once

#include <chrono>
#include <vector>

#include <sys/types.h>

namespace hocket::inspect {

/// How long a thread that does not stop is waited for.
struct stop_limits {
  std::chrono::milliseconds until_first{500};  // while none has stopped: nothing stands still yet
  std::chrono::milliseconds standing{10};      // while those that have stopped stand still for it
};

/// Stops all threads of a process as long as this exists: ptrace(2), without a signal that the process could see. System calls that
/// wait begin anew or end with EINTR, as after SIGSTOP and SIGCONT. On one thread; if that ends, the process goes on: a thread of it that
/// did not stop in time is let go only then.
class stopped_process {
 public:
  /// Throws `unreadable`: no_such_process, not_permitted, system_failed, traced, unstoppable.
  explicit stopped_process(pid_t process, const stop_limits& limits = {});
  ~stopped_process();
  stopped_process(const stopped_process&) = delete;

 private:
  struct thread {
    pid_t number;
    int signal = 0;  // on its way when it was stopped
    bool stopped = false;
    bool let_go = false;
  };

  [[nodiscard]] bool seize_new_threads();
  void wait_for_threads();
  [[nodiscard]] bool is_there(thread& waited_for);
  void let_go() noexcept;
  void wait_for_ended() noexcept;

  pid_t process_;
  stop_limits limits_;
  std::chrono::steady_clock::time_point give_up_at_;
  bool has_stopped_one_ = false;
  std::vector<thread> threads_;
};

}  // namespace hocket::inspect
