#pragma once

#include <hocket/loop/detail/kernel_backend.hpp>

namespace hocket {

/// A backend on a kernel that reports readiness: tries the call, and when it would block waits until it may be tried again.
/// What has no readiness (files) goes to the loop's blocking pool.
class readiness_backend : public kernel_backend {
 public:
  using kernel_backend::kernel_backend;

  [[nodiscard]] bool start(io_request& request) final;
  bool cancel(io_request& request) final;

 protected:
  [[nodiscard]] int nonblocking() const noexcept final;

  /// Asks the kernel to report each change of `target` from not ready to ready, once and for good. Gives 0 or an errno.
  [[nodiscard]] virtual int watch(descriptor& target) noexcept = 0;
  /// Asks it to report once more if it is ready now.
  virtual void watch_again(descriptor& target) noexcept = 0;

  /// What the requests that wait on `target` wait for, as poll(2) names it.
  static constexpr short nothing_awaited = -1;
  [[nodiscard]] static short awaited_events(descriptor& target) noexcept;

  /// The kernel reported: tries what waits on `target`, in order of submission.
  void became_ready(descriptor& target, bool readable, bool writable, bool hung_up) noexcept;

 private:
  enum class need : unsigned char;

  [[nodiscard]] static need needs(const io_request& request) noexcept;
  [[nodiscard]] std::optional<std::int32_t> try_or_connect(io_request& request);
  [[nodiscard]] static bool may(const descriptor& target, need needed) noexcept;
  [[nodiscard]] std::optional<std::int32_t> attempt_now(io_request& request, need needed);
  [[nodiscard]] bool start_unwatched(io_request& request);
};

}  // namespace hocket
