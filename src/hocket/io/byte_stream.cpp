// A layer is shared between the stream and its operations: whoever aborts the stream while they are under way leaves them to
// end by themselves.

#include <array>

#include <sys/socket.h>

#include <hocket/io/byte_stream.hpp>
#include <hocket/io/detail/socket_calls.hpp>

namespace hocket {

static coro<void> send_one(std::shared_ptr<stream_layer> layer, std::string_view bytes) {
  const std::array pieces{bytes};
  if (!bytes.empty()) co_await layer->send(pieces);
}

byte_stream& byte_stream::operator=(byte_stream&& other) noexcept {
  if (this != &other) {
    abort();
    handle_ = std::move(other.handle_);
    layer_ = std::move(other.layer_);
    ending_ = std::move(other.ending_);
  }
  return *this;
}

detail::stream_receive byte_stream::receive_from_layer() {
  return detail::stream_receive(layer_, layer_->receive(), nullptr);
}

detail::stream_send byte_stream::send_to_layer(std::string_view bytes) {
  return detail::stream_send(layer_, send_one(layer_, bytes), nullptr, bytes, send_options());
}

detail::stream_send_pieces byte_stream::send_all(std::span<const std::string_view> pieces) {
  using detail::stream_send_pieces;
  if (layer_ == nullptr) return stream_send_pieces(std::in_place, handle_.record(), pieces);
  return stream_send_pieces(layer_, layer_->send(pieces), nullptr, std::span<const std::string_view>());
}

static coro<void> shut_down_layer(std::shared_ptr<stream_layer> layer) { co_await layer->shutdown_send(); }

coro<void> byte_stream::shutdown_send() {
  if (layer_ != nullptr)
    co_await shut_down_layer(layer_);
  else if (detail::is_one_way(handle_))
    handle_.close();
  else
    detail::shutdown(handle_, SHUT_WR);
}

coro<void> byte_stream::close() {
  handle_.close();
  const std::shared_ptr<stream_layer> closing = std::move(layer_);
  ending_ = closing;
  if (closing != nullptr) co_await closing->close();
}

void byte_stream::abort() noexcept {
  handle_.close();
  if (const std::shared_ptr<stream_layer> aborted = std::move(layer_)) aborted->abort();
  if (const std::shared_ptr<stream_layer> ending = ending_.lock()) ending->abort();
}

void byte_stream::reset() noexcept {
  static constexpr linger at_once{.l_onoff = 1, .l_linger = 0};
  if (const io_handle& lowest = lowest_socket(); lowest.is_open())  // a pipe has no such option
    static_cast<void>(
        detail::system_of(lowest).setsockopt(lowest.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
  abort();
}

const io_handle& byte_stream::lowest_socket() const noexcept {
  const byte_stream* at = this;
  while (at->layer_ != nullptr && at->layer_->below() != nullptr) at = at->layer_->below();
  return at->handle_;
}

socket_address byte_stream::local_address() const { return detail::local_address_of(lowest_socket()); }
socket_address byte_stream::peer_address() const { return detail::peer_address_of(lowest_socket()); }

bool byte_stream::has_something_to_read() const noexcept {
  return layer_ != nullptr ? layer_->has_something_to_read() : detail::has_something_to_read(handle_);
}

}  // namespace hocket
