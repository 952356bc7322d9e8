#include <hocket/core/as_result.hpp>
#include <hocket/io/detail/open_server.hpp>
#include <hocket/io/start_server.hpp>

namespace hocket {
namespace {

class stream_server final : public detail::server_core {
 public:
  stream_server(stream_handler handler, start_server_options options)
      : server_core(std::move(options)), handler_(std::move(handler)) {}

 private:
  ~stream_server() override = default;
  coro<void> serve(detail::server_client& client, byte_stream stream) override;

  stream_handler handler_;
};

// The connection is closed whatever the handler did. Its own errors are the client's affair, and who reads or drains sees them.
coro<void> stream_server::serve(detail::server_client& client, byte_stream stream) {
  const auto connection = detail::make_stream_connection(std::move(stream), options().limit);
  connection->set_served();
  client.set_connection(*connection);
  const auto handled = co_await as_result(handler_(stream_reader(connection), stream_writer(connection)));
  connection->close();
  if (!handled && !is_cancelled(handled.error()))
    loop::running().call_exception_handler(
        {.message = "the handler of a connection failed", .exception = handled.error()});
  const auto closed = co_await as_result(detail::connection::wait_closed(connection));
  if (!closed && is_cancelled(closed.error())) {
    connection->lose(nullptr);
    std::rethrow_exception(closed.error());
  }
  if (!handled && is_cancelled(handled.error())) std::rethrow_exception(handled.error());
}

}  // namespace

static detail::server_ref make_core(stream_handler handler, start_server_options options) {
  return detail::make_server_core<stream_server>(std::move(handler), std::move(options));
}

coro<server> start_server(stream_handler handler, std::string host, std::uint16_t port, start_server_options options) {
  co_return co_await detail::open_server(make_core(std::move(handler), std::move(options)), std::move(host), port);
}

server start_server(stream_handler handler, stream_listener listener, start_server_options options) {
  return detail::open_server(make_core(std::move(handler), std::move(options)), std::move(listener));
}

coro<server> start_unix_server(stream_handler handler, std::string path, start_server_options options) {
  co_return detail::open_unix_server(make_core(std::move(handler), std::move(options)), path);
}

}  // namespace hocket
