#pragma once

#include <exception>
#include <string_view>
#include <system_error>

#include <hocket/io/socket_address.hpp>

namespace hocket {

class datagram_transport;

/// What a transport of datagrams calls: `connection_made`, then any of the others, and at the end, exactly once,
/// `connection_lost`. Nothing is called inside a call of the transport but `pause_writing` and `error_received`, which `sendto`
/// may call. What any of these throws is told to the loop's exception handler, and the endpoint stays open, as asyncio's does.
/// Counterpart: asyncio.DatagramProtocol.
class datagram_protocol {
 public:
  datagram_protocol() = default;
  datagram_protocol(const datagram_protocol&) = delete;
  datagram_protocol& operator=(const datagram_protocol&) = delete;
  virtual ~datagram_protocol() = default;

  /// Called first. Keep the transport to answer; it is a handle.
  virtual void connection_made(datagram_transport&) {}
  /// A whole datagram, perhaps empty, and who sent it; the bytes are valid during the call.
  virtual void datagram_received(std::string_view bytes, const socket_address& sender) = 0;
  /// A datagram could not be sent, or the peer's machine refuses what was sent (ECONNREFUSED, if the socket is connected). The
  /// endpoint is as good as before. When errors of receiving come one after the other, or there is no memory, it receives on
  /// after a second.
  virtual void error_received(std::error_code) {}
  /// The endpoint is gone: `error` tells by what (EBADF and the like if its descriptor is no socket any more), and is null if it
  /// was closed or aborted.
  virtual void connection_lost(std::exception_ptr) {}

  /// More than the high-water mark waits to be sent, then no more than the low one.
  virtual void pause_writing() {}
  virtual void resume_writing() {}
};

}  // namespace hocket
