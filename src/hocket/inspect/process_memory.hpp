#pragma once

#include <vector>

#include <sys/types.h>

#include <hocket/inspect/memory.hpp>

namespace hocket::inspect {

/// The memory of a living process: process_vm_readv(2). Throws `unreadable`: no_such_process, not_permitted.
class process_memory final : public memory {
 public:
  explicit process_memory(pid_t process);
  [[nodiscard]] bool read(address from, std::span<std::byte> to) override;
  [[nodiscard]] std::size_t read_pieces(std::span<const piece> pieces) override;

 private:
  void refuse(int error) const;

  pid_t process_;
  pid_t thread_;  // of it, which lives
};

/// What is mapped there, in order. Throws `unreadable`: no_such_process, not_permitted, system_failed.
[[nodiscard]] std::vector<mapping> mappings_of(pid_t process);

namespace detail {
/// For who could not open what the system tells of a process: `error` as errno, 0 if that says nothing.
[[noreturn]] void refuse(pid_t process, int error);
/// For who was refused with EPERM or EACCES.
[[noreturn]] void refuse_permission(pid_t process);
[[noreturn]] void refuse_gone(pid_t process);
/// It has ended, and nobody has asked for it yet. The first thread of a process may be so while others work.
[[nodiscard]] bool is_zombie(pid_t thread);
/// A thread of it that has not ended: itself, but where its first one has ended and others work. Itself if there is none.
[[nodiscard]] pid_t living_thread(pid_t process);
}  // namespace detail

}  // namespace hocket::inspect
