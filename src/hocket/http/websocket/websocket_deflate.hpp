#pragma once

#include <cstddef>

namespace hocket::http {

/// How messages are compressed, where the other side agrees: permessage-deflate. What it costs in memory is per websocket, from the first compressed
/// message on: for sending about 8 * 2^bits bytes, for receiving 2^bits and 8 KiB. Source: RFC 7692.
struct websocket_deflate {
  /// Of what we send and receive, 9 to 15 (else the nearest): how far back a message may repeat what was said before. A peer may demand less; a
  /// server that does not know how to limit itself may take 15.
  int window_bits = 12;
  /// Messages may repeat what earlier ones said. False: each is compressed by itself, worse, and nothing is kept between messages; asked of the
  /// other side too.
  bool context_takeover = true;
  /// Smaller messages go as they are.
  std::size_t least_bytes = 64;
  int level = 6;  ///< 1: quickly, to 9: well (else the nearest)
};

}  // namespace hocket::http
