#pragma once

#include <cstdint>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/io/server.hpp>
#include <hocket/io/start_server_options.hpp>
#include <hocket/io/stream_reader.hpp>
#include <hocket/io/stream_writer.hpp>

namespace hocket {

/// Serves one client. When it returns, what it wrote is sent and the connection closed, whoever holds the writer then; what it
/// throws is told to the loop's exception handler. What it captures lives until the server and all its clients are gone.
using stream_handler = function<coro<void>(stream_reader, stream_writer)>;

/// Listens at every address of `host` (all interfaces, IPv4 and IPv6, if it is empty) and calls `handler` for each client, in a
/// task of its own. Port 0: one that is free, for each address its own; see `server::addresses`. Throws std::system_error,
/// `cancelled`. Counterpart: asyncio.start_server.
[[nodiscard]] coro<server> start_server(stream_handler handler, std::string host, std::uint16_t port,
                                        start_server_options options = {});

/// The same at a listener that is there already; `backlog` and `reuse_port` do not matter then.
[[nodiscard]] server start_server(stream_handler handler, stream_listener listener, start_server_options options = {});

/// The same at a path, or at an abstract name, which begins with a zero byte: `addresses` has it. A socket that was left at the
/// path is replaced, and what the server made there is removed when it closes; for a file with other permissions, or one that
/// stays, give `start_server` a `unix_listener`. Asks the file system at once. Throws std::system_error.
/// Counterpart: asyncio.start_unix_server.
[[nodiscard]] coro<server> start_unix_server(stream_handler handler, std::string path,
                                             start_server_options options = {});

}  // namespace hocket
