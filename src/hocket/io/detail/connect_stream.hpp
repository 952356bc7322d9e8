#pragma once

#include <cstdint>
#include <string>

#include <hocket/io/open_connection.hpp>

namespace hocket::detail {

/// Connects, and shakes hands if `options` have a security.
coro<byte_stream> connect_stream(std::string host, std::uint16_t port, open_connection_options options);
coro<byte_stream> connect_unix_stream(std::string path, open_connection_options options);

}  // namespace hocket::detail
