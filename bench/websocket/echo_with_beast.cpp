// Boost.Beast beside echo_websocket.cpp, as one writes it to be quick: callbacks, one thread without locks, no erased executors, no fragments of
// a few kilobytes, and compression left out at compile time where it is off. echo_with_beast PORT [deflate]

#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>

namespace {

namespace beast = boost::beast;
namespace net = boost::asio;
namespace websocket = boost::beast::websocket;

using executor = net::io_context::executor_type;
using tcp_socket = net::basic_stream_socket<net::ip::tcp, executor>;
using tcp_acceptor = net::basic_socket_acceptor<net::ip::tcp, executor>;

template <bool Deflates>
class connection : public std::enable_shared_from_this<connection<Deflates>> {
 public:
  explicit connection(tcp_socket socket) : peer_(std::move(socket)) {
    peer_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    peer_.auto_fragment(false);
    peer_.write_buffer_bytes(20 * 1024);
    if constexpr (Deflates) {
      websocket::permessage_deflate as_ours;
      as_ours.server_enable = true;
      as_ours.server_max_window_bits = 12;
      as_ours.client_max_window_bits = 12;
      as_ours.compLevel = 6;
      as_ours.memLevel = 5;
      as_ours.msg_size_threshold = 64;
      peer_.set_option(as_ours);
    }
  }

  void begin() {
    peer_.async_accept([self = this->shared_from_this()](beast::error_code failed) {
      if (!failed) self->receive();
    });
  }

 private:
  void receive() {
    peer_.async_read(message_, [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
      if (!failed) self->send();
    });
  }

  void send() {
    peer_.text(peer_.got_text());
    peer_.async_write(message_.cdata(), [self = this->shared_from_this()](beast::error_code failed, std::size_t) {
      if (failed) return;
      self->message_.clear();
      self->receive();
    });
  }

  websocket::stream<tcp_socket, Deflates> peer_;
  beast::flat_buffer message_;
};

template <bool Deflates>
void accept(tcp_acceptor& listener) {
  listener.async_accept([&listener](beast::error_code failed, tcp_socket socket) {
    if (!failed) {
      socket.set_option(net::ip::tcp::no_delay(true));
      std::make_shared<connection<Deflates>>(std::move(socket))->begin();
    }
    accept<Deflates>(listener);
  });
}

}  // namespace

int main(int count, char** arguments) {
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0);
  net::io_context loop(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  tcp_acceptor listener(loop, {net::ip::make_address_v4("127.0.0.1"), port});
  if (count > 2 && std::string_view(arguments[2]) == "deflate")
    accept<true>(listener);
  else
    accept<false>(listener);
  loop.run();
}
