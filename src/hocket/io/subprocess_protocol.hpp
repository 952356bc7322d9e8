#pragma once

#include <exception>
#include <string_view>

namespace hocket {

class subprocess_transport;

/// What the transport of a child process calls: for those who think in callbacks, or port code from asyncio or Twisted. New code
/// reads better with `create_subprocess_exec`.
///
/// `connection_made` first; then, as it comes, what the child writes, which of its pipes end, and that it has exited: in any
/// order, for a child may close a pipe and go on, and a grandchild may hold one open. At the end, when it has exited and all pipes
/// are gone, `connection_lost`, exactly once. None is called inside a call of the transport but `pause_writing`. What
/// `pipe_data_received` throws is told to the loop's exception handler and ends that pipe; what the others throw is told only.
/// Counterpart: asyncio.SubprocessProtocol.
class subprocess_protocol {
 public:
  subprocess_protocol() = default;
  subprocess_protocol(const subprocess_protocol&) = delete;
  subprocess_protocol& operator=(const subprocess_protocol&) = delete;
  virtual ~subprocess_protocol() = default;

  /// Keep the transport to write to the child; it is a handle.
  virtual void connection_made(subprocess_transport&) {}
  /// Some bytes of standard output (1) or standard error (2), in order; valid during the call.
  virtual void pipe_data_received(int /*number*/, std::string_view /*bytes*/) {}
  /// A pipe is gone: `error` tells by what, and is null if it was closed on either side.
  virtual void pipe_connection_lost(int /*number*/, std::exception_ptr /*error*/) {}
  /// `returncode` of the transport tells how.
  virtual void process_exited() {}
  virtual void connection_lost(std::exception_ptr /*error*/) {}

  /// Of its standard input, as those of `protocol`.
  virtual void pause_writing() {}
  virtual void resume_writing() {}
};

}  // namespace hocket
