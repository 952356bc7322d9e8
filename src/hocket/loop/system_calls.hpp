#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <dirent.h>
#include <sys/socket.h>

struct addrinfo;
struct stat;

namespace hocket {

/// An entry of a directory. readdir(3)
struct directory_entry {
  std::string name;
  unsigned char type = DT_UNKNOWN;  // DT_DIR and so on; DT_UNKNOWN where the file system does not tell

  [[nodiscard]] bool is_directory() const noexcept { return type == DT_DIR; }
};

/// What a loop's backend is asked for at once, in the system's own words: each call is the man page of its name.
///
/// Nothing above the backend asks the system itself, so that a simulator answers all of it. An answer is the kernel's: not
/// negative, or a negated errno. Nothing here is cancelled. On the loop's thread, where not said otherwise.
class system_calls {
 public:
  system_calls(const system_calls&) = delete;
  system_calls& operator=(const system_calls&) = delete;

  /// socket(2) and socketpair(2): made as the backend needs them (blocking or not), and closed by execve(2).
  [[nodiscard]] virtual int socket(int family, int type, int protocol) = 0;
  [[nodiscard]] virtual int socketpair(int family, int type, int protocol, int (&numbers)[2]) = 0;
  /// pipe2(2), likewise: the end to read from, then the one to write to.
  [[nodiscard]] virtual int pipe(int (&numbers)[2]) = 0;
  /// How much a pipe can hold; a system may refuse to change it. fcntl(2), F_SETPIPE_SZ
  [[nodiscard]] virtual int set_pipe_size(int /*number*/, int /*bytes*/) { return -ENOSYS; }
  /// A second number for what is open, closed by execve(2). fcntl(2), F_DUPFD_CLOEXEC
  [[nodiscard]] virtual int duplicate(int number) = 0;
  [[nodiscard]] virtual int bind(int number, const sockaddr* address, socklen_t size) = 0;
  [[nodiscard]] virtual int listen(int number, int backlog) = 0;
  [[nodiscard]] virtual int setsockopt(int number, int level, int option, const void* value, socklen_t size) = 0;
  [[nodiscard]] virtual int getsockopt(int number, int level, int option, void* value, socklen_t* size) = 0;
  [[nodiscard]] virtual int getsockname(int number, sockaddr* address, socklen_t* size) = 0;
  [[nodiscard]] virtual int getpeername(int number, sockaddr* address, socklen_t* size) = 0;
  [[nodiscard]] virtual int shutdown(int number, int how) noexcept = 0;

  /// sendmsg(2), once and without waiting: -EAGAIN if there is no room.
  [[nodiscard]] virtual int sendmsg(int number, const msghdr& message) = 0;

  /// poll(2) of one descriptor, without waiting: what of `events` has happened, POLLERR and POLLHUP included; 0 if nothing.
  [[nodiscard]] virtual int poll_now(int number, short events) noexcept = 0;

  /// fstat(2).
  [[nodiscard]] virtual int fstat(int number, struct stat& state) = 0;
  /// lseek(2). Where a file is read and written next.
  [[nodiscard]] virtual std::int64_t lseek(int number, std::int64_t offset, int whence) = 0;
  /// openat(2) from the working directory, at once: for what is opened before the work begins.
  [[nodiscard]] virtual int open_now(const char* path, int flags, unsigned mode) = 0;

  /// lstat(2), unlink(2), rmdir(2), chmod(2) of a path, at once: of the files that unix sockets stand in, and for destructors.
  [[nodiscard]] virtual int lstat(const char* path, struct stat& state) = 0;
  [[nodiscard]] virtual int unlink(const char* path) noexcept = 0;
  [[nodiscard]] virtual int rmdir(const char* path) noexcept = 0;
  [[nodiscard]] virtual int chmod(const char* path, unsigned mode) = 0;
  /// fchmod(2), of what is open: whoever changes names meanwhile has no say in it.
  [[nodiscard]] virtual int fchmod(int number, unsigned mode) = 0;

  /// if_nametoindex(3), if_indextoname(3): a network interface's index, never 0; its name. From any thread.
  [[nodiscard]] virtual int if_nametoindex(const char* name) = 0;
  [[nodiscard]] virtual int if_indextoname(unsigned index, std::string& name) = 0;

  /// Appends the entries of an open directory, `.` and `..` left out, `most` at most. May block: from any thread. readdir(3)
  [[nodiscard]] virtual int read_directory(int number, std::vector<directory_entry>& entries, std::size_t most) = 0;

  /// getaddrinfo(3): its own error codes, not negated; with EAI_SYSTEM errno tells more. May block: from any thread.
  [[nodiscard]] virtual int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                                        addrinfo** found) = 0;
  virtual void freeaddrinfo(addrinfo* found) noexcept = 0;
  /// getnameinfo(3), likewise. May block: from any thread.
  [[nodiscard]] virtual int getnameinfo(const sockaddr* address, socklen_t size, std::string& host,
                                        std::string& service, int flags) = 0;

 protected:
  system_calls() noexcept = default;
  ~system_calls() = default;
};

}  // namespace hocket
