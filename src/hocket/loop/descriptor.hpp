#pragma once

#include <cstdint>

#include <hocket/base/arena.hpp>
#include <hocket/base/intrusive_list.hpp>
#include <hocket/loop/io_request.hpp>

namespace hocket {

class backend;

/// The loop's record of an open file descriptor, counted by the operations in flight on it.
///
/// Closing is cancel, drain, close: the number is given back to the system only after the last operation has ended, for a
/// reused number would feed an operation that is still pending (seen on Linux 6.18). Made and closed by a `backend`.
/// The record lives on as long as an operation, begun or not, refers to it.
class descriptor : public arena_allocated {
 public:
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  /// The file descriptor; -1 once it is closed.
  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }
  [[nodiscard]] backend& owner() const noexcept { return owner_; }

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 private:
  friend class backend;
  friend class readiness_backend;
  friend class epoll_backend;
  friend class io_uring_backend;

  descriptor(backend& owner, int number) noexcept : owner_(owner), number_(number) {}
  ~descriptor() = default;

  backend& owner_;
  intrusive_list<io_request> in_flight_;  // in order of submission
  int number_;
  std::uint32_t references_ = 1;  // of the backend until the number is closed, and of operations
  std::uint32_t count_ = 0;       // of the requests in flight
  bool closing_ = false;
  // For backends that wait for readiness. "May" is true until a call showed otherwise, and again after each event.
  bool watched_ = false;
  bool may_read_ = true;
  bool may_write_ = true;
  bool hung_up_ = false;  // the peer will send nothing more: a short read no longer means that nothing is left
};

}  // namespace hocket
