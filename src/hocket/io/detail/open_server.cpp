#include <hocket/io/detail/open_server.hpp>

namespace hocket::detail {

static void begin(server& listening, const start_server_options& options) {
  if (options.start_serving) listening.start_serving();
}

coro<server> open_server(server_ref core, std::string host, std::uint16_t port) {
  server listening(core);
  co_await server_core::listen(core, std::move(host), port);
  begin(listening, core->options());
  co_return listening;
}

server open_server(server_ref core, stream_listener listener) {
  server listening(core);
  core->listen_on(std::move(listener));
  begin(listening, core->options());
  return listening;
}

server open_unix_server(server_ref core, std::string_view path) {
  const int backlog = core->options().backlog;
  return open_server(std::move(core), unix_listener::listen(socket_address::unix_path(path), {.backlog = backlog}));
}

}  // namespace hocket::detail
