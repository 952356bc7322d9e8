#include <hocket/core/task.hpp>
#include <hocket/io/create_connection.hpp>

namespace hocket {
namespace detail {

transport begin_transport(byte_stream stream, std::shared_ptr<protocol> reader) {
  transport_ref connection = make_transport_connection(std::move(stream), std::move(reader));
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
  protocol_server(function<std::shared_ptr<protocol>()> factory, start_server_options options)
      : server_core(std::move(options)), factory_(std::move(factory)) {}

 private:
  ~protocol_server() override = default;
  coro<void> serve(detail::server_client& client, byte_stream stream) override {
    const detail::transport_ref connection = detail::make_transport_connection(std::move(stream), factory_());
    client.set_connection(*connection);
    co_await detail::transport_connection::run(connection);
  }

  function<std::shared_ptr<protocol>()> factory_;
};

}  // namespace

coro<server> create_server(function<std::shared_ptr<protocol>()> factory, std::string host, std::uint16_t port,
                           start_server_options options) {
  const bool begin = options.start_serving;
  auto* made = new protocol_server(std::move(factory), std::move(options));
  made->retain();
  detail::server_ref core(made);
  server listening(core);
  co_await detail::server_core::listen(core, std::move(host), port);
  if (begin) listening.start_serving();
  co_return listening;
}

}  // namespace hocket
