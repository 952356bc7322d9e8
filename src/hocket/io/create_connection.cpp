#include <hocket/core/task.hpp>
#include <hocket/io/create_connection.hpp>
#include <hocket/io/detail/open_server.hpp>

namespace hocket {
namespace detail {

transport begin_transport(byte_stream stream, std::shared_ptr<protocol> reader, transport_connection::direction way) {
  transport_ref connection = make_transport_connection(std::move(stream), std::move(reader), way);
  create_task(transport_connection::run(connection), {.name = "transport", .eager_start = true});
  return transport(std::move(connection));
}

coro<byte_stream> secure_accepted(byte_stream stream, security tls) {
  if (tls == nullptr) co_return stream;
  start_tls_options handshake{.server_side = true};
  co_return co_await tls->start_tls(std::move(stream), std::move(handshake));
}

}  // namespace detail

namespace {

class protocol_server final : public detail::server_core {
 public:
  protocol_server(protocol_maker factory, start_server_options options)
      : server_core(std::move(options)), factory_(std::move(factory)) {}

 private:
  ~protocol_server() override = default;
  coro<void> serve(detail::server_client& client, byte_stream stream) override {
    const detail::transport_ref connection = detail::make_transport_connection(std::move(stream), factory_());
    client.set_connection(*connection);
    co_await detail::transport_connection::run(connection);
  }

  protocol_maker factory_;
};

}  // namespace

static detail::server_ref make_core(protocol_maker factory, start_server_options options) {
  return detail::make_server_core<protocol_server>(std::move(factory), std::move(options));
}

coro<server> create_server(protocol_maker factory, std::string host, std::uint16_t port, start_server_options options) {
  co_return co_await detail::open_server(make_core(std::move(factory), std::move(options)), std::move(host), port);
}

server create_server(protocol_maker factory, stream_listener listener, start_server_options options) {
  return detail::open_server(make_core(std::move(factory), std::move(options)), std::move(listener));
}

coro<server> create_unix_server(protocol_maker factory, std::string path, start_server_options options) {
  co_return detail::open_unix_server(make_core(std::move(factory), std::move(options)), path);
}

}  // namespace hocket
