#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <hocket/io/server.hpp>

namespace hocket::detail {

/// A server's core, counted once.
template <class Core, class... Arguments>
[[nodiscard]] server_ref make_server_core(Arguments&&... arguments) {
  auto* made = new Core(std::forward<Arguments>(arguments)...);
  made->retain();
  return server_ref(made);
}

/// The server of a core that is new, listening; it serves if the options say so.
[[nodiscard]] coro<server> open_server(server_ref core, std::string host, std::uint16_t port);
[[nodiscard]] server open_server(server_ref core, stream_listener listener);
[[nodiscard]] server open_unix_server(server_ref core, std::string_view path);

}  // namespace hocket::detail
