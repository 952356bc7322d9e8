#pragma once

#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/buffer.hpp>

namespace hocket::http {

/// A connection on which another protocol is spoken from here on.
struct upgraded_stream {
  byte_stream stream;
  buffer early;  ///< of that protocol, what has come already
};

}  // namespace hocket::http
