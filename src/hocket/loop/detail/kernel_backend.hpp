#pragma once

#include <cstdint>
#include <optional>

#include <hocket/loop/backend.hpp>
#include <hocket/loop/buffer_pool.hpp>

namespace hocket {

/// What the backends on a real kernel share: the calls that do not wait, the pool of receive buffers, and the way to the
/// blocking pool.
class kernel_backend : public backend {
 public:
  using backend::backend;

  void drain() noexcept override { end_waits_for_other_ends(); }

  [[nodiscard]] int socket(int family, int type, int protocol) final;
  [[nodiscard]] int socketpair(int family, int type, int protocol, int (&numbers)[2]) final;
  [[nodiscard]] int pipe(int (&numbers)[2]) final;
  [[nodiscard]] int set_pipe_size(int number, int bytes) final;
  [[nodiscard]] int duplicate(int number) final;
  [[nodiscard]] int bind(int number, const sockaddr* address, socklen_t size) final;
  [[nodiscard]] int listen(int number, int backlog) final;
  [[nodiscard]] int setsockopt(int number, int level, int option, const void* value, socklen_t size) final;
  [[nodiscard]] int getsockopt(int number, int level, int option, void* value, socklen_t* size) final;
  [[nodiscard]] int getsockname(int number, sockaddr* address, socklen_t* size) final;
  [[nodiscard]] int getpeername(int number, sockaddr* address, socklen_t* size) final;
  [[nodiscard]] int shutdown(int number, int how) noexcept final;
  [[nodiscard]] int sendmsg(int number, const msghdr& message) final;
  [[nodiscard]] int poll_now(int number, short events) noexcept final;
  [[nodiscard]] int fstat(int number, struct stat& state) final;
  [[nodiscard]] std::int64_t lseek(int number, std::int64_t offset, int whence) final;
  [[nodiscard]] int open_now(const char* path, int flags, unsigned mode) final;
  [[nodiscard]] int lstat(const char* path, struct stat& state) final;
  [[nodiscard]] int unlink(const char* path) noexcept final;
  [[nodiscard]] int rmdir(const char* path) noexcept final;
  [[nodiscard]] int chmod(const char* path, unsigned mode) final;
  [[nodiscard]] int fchmod(int number, unsigned mode) final;
  [[nodiscard]] int if_nametoindex(const char* name) final;
  [[nodiscard]] int if_indextoname(unsigned index, std::string& name) final;
  [[nodiscard]] int read_directory(int number, std::vector<directory_entry>& entries, std::size_t most) final;
  [[nodiscard]] int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) final;
  void freeaddrinfo(addrinfo* found) noexcept final;
  [[nodiscard]] int getnameinfo(const sockaddr* address, socklen_t size, std::string& host, std::string& service,
                                int flags) final;

  [[nodiscard]] buffer lend(io_request& received) noexcept final {
    return buffers_.lend(received.slot, static_cast<std::size_t>(received.result));
  }
  [[nodiscard]] buffer borrow() final { return buffers_.lend(buffers_.take(), buffer_pool::buffer_size_bytes); }
  [[nodiscard]] std::size_t lent_buffers() const noexcept final { return buffers_.lent(); }

 protected:
  /// Tries a request that goes by readiness. Nothing if it would have to wait. Not for `connect`.
  [[nodiscard]] std::optional<std::int32_t> try_now(io_request& request);
  /// It stands for an `io_op::read` or `write` of what has no place of its own for each: bytes come and go as those of a socket.
  [[nodiscard]] static bool is_of_pipe(const io_request& request) noexcept;
  /// Begins `request` on the loop's blocking pool (`detail::call_blocking`). Throws std::bad_alloc, std::system_error.
  void offload(io_request& request);
  /// The same for one that has begun already, elsewhere.
  void hand_to_pool(io_request& request);
  /// `cancel` of one that was offloaded and has not completed.
  bool cancel_offloaded(io_request& request);
  /// `complete` for an open, which gave `result` without waiting. If that is a FIFO whose other end is not open it goes on, in a phase
  /// of its own: see `wait_for_other_end`.
  void complete_open(io_request& request, std::int32_t result) noexcept;
  static constexpr std::uint8_t awaiting_other_end = 16;
  /// `cancel` of one in that phase, at once.
  bool cancel_open(io_request& request) noexcept;
  void end_waits_for_other_ends() noexcept;
  /// How many are on the pool. Only a turn of the loop completes them.
  [[nodiscard]] std::size_t offloaded() const noexcept { return offloaded_; }

  /// SOCK_NONBLOCK or 0: how sockets and pipes are made.
  [[nodiscard]] virtual int nonblocking() const noexcept = 0;
  void close_number(int number) noexcept final;

  buffer_pool buffers_;

 private:
  class file_job;
  class other_end_wait;

  /// Of a FIFO: opened to read already, or -ENXIO.
  void wait_for_other_end(io_request& request, std::int32_t opened);

  intrusive_list<other_end_wait, other_end_wait> waits_;
  std::size_t offloaded_ = 0;
};

}  // namespace hocket
