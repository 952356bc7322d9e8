#pragma once

namespace hocket {

class task_base;
struct io_request;

namespace detail {

/// Told of what a run is about to do, and may make some of it fail: how tests interfere. While a loop runs it stands in
/// `here.observer`; without one each of these places costs a look at that pointer.
class run_observer {
 public:
  /// A task begins to wait.
  virtual void suspending(task_base&) noexcept {}

  /// An I/O operation is about to be started. Other than 0: it is not, and fails with this errno.
  [[nodiscard]] virtual int starting(const io_request&) noexcept { return 0; }

  /// A name is about to be looked up. Other than 0: it is not, and fails with this error of getaddrinfo(3).
  [[nodiscard]] virtual int resolving() noexcept { return 0; }

 protected:
  ~run_observer() = default;
};

}  // namespace detail
}  // namespace hocket
