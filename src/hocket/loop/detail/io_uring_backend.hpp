#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <hocket/loop/detail/io_uring_operations.hpp>
#include <hocket/loop/detail/kernel_backend.hpp>

namespace hocket {

/// io_uring(7): requests are written to a ring and handed over together, once a turn.
/// The ring belongs to the thread that makes it and is of no use after fork(2).
class io_uring_backend final : public kernel_backend {
 public:
  /// Throws std::system_error if the kernel refuses a ring (containers often do: EPERM).
  explicit io_uring_backend(loop& owner);
  ~io_uring_backend() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "io_uring"; }
  [[nodiscard]] bool start(io_request& request) override;
  bool cancel(io_request& request) override;
  void collect(std::optional<std::chrono::nanoseconds> limit) override;
  void wake() noexcept override;
  [[nodiscard]] int poll_number() override;
  void drain() noexcept override;

 private:
  struct ring;

  [[nodiscard]] int nonblocking() const noexcept override { return 0; }
  void submit(io_request& request);
  void go_on(io_request& request);
  void completed(io_request& request, std::int32_t result, std::uint32_t flags);
  void receive_completed(io_request& request, std::int32_t result, std::uint32_t flags);
  void part_completed(io_request& request, std::int32_t result);
  [[nodiscard]] bool linger(io_request& request) noexcept;
  void zero_copy_completed(io_request& request, std::int32_t result, std::uint32_t flags);
  [[nodiscard]] bool has_opcode(const io_request& request) const noexcept;
  [[nodiscard]] bool needs_a_thread(const io_request& request) const noexcept;
  void call(io_request& request);
  void given_up_by_kernel(io_request& request);
  void opened(io_request& request, std::int32_t result);
  void became_ready(io_request& request, std::int32_t result);
  void wait_until_ready(io_request& request);
  void listen_for_wake();
  void make_view() noexcept;
  void take_completions();
  void provide(std::uint32_t slot) noexcept;

  std::unique_ptr<ring> ring_;
  std::optional<detail::io_uring_operations> operations_;  // of the ring
  int wake_ = -1;                                          // an eventfd
  std::uint64_t wake_count_ = 0;
  bool pollable_ = false;
  bool draining_ = false;
  std::vector<io_request*> lingering_;  // zero-copy sends that are done, but the kernel still reads their bytes
};

}  // namespace hocket
