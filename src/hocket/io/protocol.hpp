#pragma once

#include <cstddef>
#include <exception>
#include <span>
#include <string_view>

namespace hocket {

class transport;

/// What a transport calls: for those who think in callbacks, or port code from asyncio or Twisted. New code reads better with
/// `stream_reader` and `stream_writer`.
///
/// `connection_made`, then `data_received` any number of times, then perhaps `eof_received`, and at the end, exactly once,
/// `connection_lost`. None is called inside a call of the transport but `pause_writing`, which `write` may call. What
/// `data_received` or `eof_received` throws is told to the loop's exception handler and ends the connection; what the others
/// throw is told only. Counterpart: asyncio.Protocol.
class protocol {
 public:
  protocol() = default;
  protocol(const protocol&) = delete;
  protocol& operator=(const protocol&) = delete;
  virtual ~protocol() = default;

  /// Called first. Keep the transport to answer; it is a handle.
  virtual void connection_made(transport&) {}
  /// Some bytes, in order; valid during the call.
  virtual void data_received(std::string_view bytes) = 0;
  /// The peer sends nothing more. True: the connection stays open, to be written to. False: it is closed.
  virtual bool eof_received() { return false; }
  /// The connection is gone: `error` tells by what, and is null if it was closed or aborted on this side, or ended in order.
  virtual void connection_lost(std::exception_ptr) {}

  /// More than the high-water mark is left to send, then no more than the low one.
  virtual void pause_writing() {}
  virtual void resume_writing() {}
};

/// One that says where its bytes shall go. Counterpart: asyncio.BufferedProtocol.
class buffered_protocol : public protocol {
 public:
  /// Memory for at most `size_hint` bytes, not none; it must stay until `buffer_updated`.
  [[nodiscard]] virtual std::span<char> get_buffer(std::size_t size_hint) = 0;
  /// So many bytes now stand at its front.
  virtual void buffer_updated(std::size_t count) = 0;

  void data_received(std::string_view bytes) final;
};

}  // namespace hocket
