#include <hocket/http/websocket/detail/websocket_core.hpp>
#include <hocket/http/websocket/websocket.hpp>

namespace hocket::http {

using detail::websocket_core;

websocket::websocket(byte_stream connection, buffer early, websocket_agreement agreed, websocket_options options)
    : core_(std::make_shared<websocket_core>(std::move(connection), std::move(early), std::move(agreed), options)) {
  core_->begin();
}

websocket::websocket(websocket&&) noexcept = default;

websocket& websocket::operator=(websocket&& other) noexcept {
  if (this != &other) {
    let_go();
    core_ = std::move(other.core_);
  }
  return *this;
}

websocket::~websocket() { let_go(); }

void websocket::let_go() noexcept {
  if (core_ != nullptr) core_->let_go();
}

coro<std::optional<websocket_message>> websocket::receive() { return core_->receive(core_); }
coro<bool> websocket::receive(websocket_message& into) { return core_->receive(core_, into); }
coro<std::optional<websocket_piece>> websocket::receive_piece() { return core_->receive_piece(core_); }

// It may begin when the websocket has gone or moved.
static async_generator<websocket_message> messages_of(std::shared_ptr<websocket_core> core) {
  while (auto message = co_await core->receive(core)) co_yield std::move(*message);
}

async_generator<websocket_message> websocket::messages() { return messages_of(core_); }

coro<void> websocket::send_text(std::string_view text) { return core_->send(core_, true, text); }
coro<void> websocket::send_binary(std::string_view bytes) { return core_->send(core_, false, bytes); }
coro<void> websocket::send_text_pieces(producer produce) { return core_->send_pieces(core_, true, std::move(produce)); }
coro<void> websocket::send_binary_pieces(producer produce) {
  return core_->send_pieces(core_, false, std::move(produce));
}
coro<duration> websocket::ping() { return core_->ping(core_); }
coro<void> websocket::close(std::uint16_t code, std::string reason) {
  return core_->close(core_, code, std::move(reason));
}

coro<void> websocket::wait_closed() { return core_->wait_closed(core_); }

void websocket::abort() noexcept { core_->abort(); }
bool websocket::is_open() const noexcept { return core_->is_open(); }

std::optional<std::uint16_t> websocket::close_code() const noexcept {
  if (!core_->end()) return std::nullopt;
  return core_->end()->code();
}

std::string_view websocket::close_reason() const noexcept {
  return core_->end() ? std::string_view(core_->end()->reason()) : std::string_view();
}

const std::string& websocket::subprotocol() const noexcept { return core_->agreed().subprotocol; }

coro<void> websocket_writer::write(std::string_view piece) {
  if (has_failed_) throw error("a piece of the message was not sent");
  if (piece.empty()) co_return;
  has_failed_ = true;  // unless all goes well
  if (is_text_ && !to_.takes_text(piece)) throw error("the text of a message is no UTF-8");
  co_await to_.send_piece(is_text_, piece);
  has_failed_ = false;
}

}  // namespace hocket::http
