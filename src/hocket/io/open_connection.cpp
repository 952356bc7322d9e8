#include <hocket/io/detail/connect_stream.hpp>
#include <hocket/io/open_connection.hpp>

namespace hocket {

coro<stream_pair> open_connection(std::string host, std::uint16_t port, open_connection_options options) {
  const std::size_t limit = options.limit;
  co_return open_connection(co_await detail::connect_stream(std::move(host), port, std::move(options)), limit);
}

coro<stream_pair> open_unix_connection(std::string path, open_connection_options options) {
  const std::size_t limit = options.limit;
  co_return open_connection(co_await detail::connect_unix_stream(std::move(path), std::move(options)), limit);
}

stream_pair open_connection(byte_stream stream, std::size_t limit) {
  const auto connection = detail::make_stream_connection(std::move(stream), limit);
  return {stream_reader(connection), stream_writer(connection)};
}

}  // namespace hocket
