#pragma once

#include <stdexcept>
#include <string>

namespace hocket {

/// What hocket itself reports: time-outs, broken protocols, misuse. Errors of the operating system are
/// `std::system_error`; cancellation is `hocket::cancelled`, which is no error.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A time limit ran out. Thrown by `timeout`, `wait_for`, `fail_after` and the time-outs of clients.
/// Counterpart: TimeoutError.
class timeout_error : public error {
 public:
  timeout_error() : error("timed out") {}
  using error::error;
};

/// A call that its object's state does not allow: a result set twice, a task created in a group that is shutting down.
/// Counterpart: asyncio.InvalidStateError.
class invalid_state_error : public error {
 public:
  using error::error;
};

/// The event loop is closed, or is about to end and takes nothing more from other threads.
class loop_closed : public invalid_state_error {
 public:
  using invalid_state_error::invalid_state_error;
};

/// As many calls of other threads wait for the loop as may: `loop_options::most_calls_from_threads`.
class loop_full : public error {
 public:
  using error::error;
};

/// The other side broke its protocol: bytes that no conforming peer would send, or none where some were due.
class protocol_error : public error {
 public:
  using error::error;
};

}  // namespace hocket
