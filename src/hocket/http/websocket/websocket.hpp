#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/base/function.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/websocket/close_code.hpp>
#include <hocket/http/websocket/websocket_closed.hpp>
#include <hocket/http/websocket/websocket_options.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/buffer.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http {

namespace detail {
class websocket_core;
}

enum class websocket_role : unsigned char { client, server };

/// How the messages of one side are compressed. Source: RFC 7692, 7.1.
struct deflate_window {
  int bits = 15;
  bool keeps_context = true;  ///< from one message to the next
};

/// What the two sides have agreed upon before the first frame.
struct websocket_agreement {
  struct compression {
    deflate_window client{};
    deflate_window server{};
  };

  websocket_role role = websocket_role::client;
  std::string subprotocol{};
  std::optional<compression> deflate{};
};

/// A whole message.
struct websocket_message {
  std::string data{};
  bool is_text = true;  ///< then `data` is UTF-8
};

/// A part of a message, as it came.
struct websocket_piece {
  std::string_view
      data{};  ///< valid until the next call that receives; of text it may end amid a character; may be empty if it is the last
  bool is_text = true;
  bool is_last = false;  ///< of its message
};

/// Sends the pieces of one message.
class websocket_writer {
 public:
  /// Sends a piece, which must stay alive meanwhile: as a fragment of its own, a large one as several. Text may be cut anywhere. Throws as
  /// `websocket::send_text`; once it has thrown, also `cancelled`, the message cannot be completed, and every further call throws hocket::error.
  [[nodiscard]] coro<void> write(std::string_view piece);

 private:
  friend class detail::websocket_core;
  explicit websocket_writer(detail::websocket_core& to, bool is_text) noexcept : to_(to), is_text_(is_text) {}

  detail::websocket_core& to_;
  bool is_text_;
  bool has_failed_ = false;
};

/// Messages both ways over one connection (RFC 6455), as `connect_websocket` and `accept_websocket` give it.
///
///     while (auto message = co_await socket.receive()) co_await socket.send_text(message->data);
///
/// One task may receive, any number may send: messages go out whole, in the order in which they were asked for, large ones in fragments of 64 KiB,
/// between which other tasks have their turns. Nothing of a message is read unless somebody receives, but for one buffer, and sending suspends while
/// the other side takes nothing. Pings are answered, pongs heard, and the other side's end seen, also while nobody receives: then from a second
/// later on, and **as far as the next message, which somebody must receive first**.
///
/// To receive and be cancelled loses nothing: the next call goes on. A cancelled `send_...` that has not begun to send sends nothing; one that has
/// leaves part of a message behind, so the connection is aborted, and everything else throws `websocket_closed` (1006).
///
/// Owns its connection; destroying it aborts, which the other side sees as 1006: `close` it before, if it is to hear of it. What is under way on it
/// then throws `websocket_closed` too. Belongs to one loop.
/// Counterpart: websockets.asyncio.connection.Connection, aiohttp.ClientWebSocketResponse.
class websocket {
 public:
  /// Of a connection on which the handshake was made already, whatever it was; `early` has come on it already.
  websocket(byte_stream connection, buffer early, websocket_agreement agreed, websocket_options options = {});
  websocket(websocket&&) noexcept;
  websocket& operator=(websocket&&) noexcept;
  ~websocket();

  /// Waits for the next message. Nothing: the websocket was closed in order (by 1000, 1001 or without a code), and from then on. Throws
  /// `websocket_closed` of any other end, and again at each further call: another code of the other side's, its breach of the protocol
  /// (1002), text that is no UTF-8 (1007), a message over the limit (1009), a connection that was lost (1006).
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::optional<websocket_message>> receive();
  /// The same into a message whose memory is used again, for who receives many: `while (co_await socket.receive(message)) ...`. It must stay alive,
  /// and is empty unless a message came. False: `receive` would give nothing.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<bool> receive(websocket_message& into);
  /// Waits for the next piece of a message, of any size, for messages that need not be in memory. Ends and throws as `receive`, which gives the
  /// rest of a message of which pieces were received; also throws `websocket_closed` of an end in order amid a message.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::optional<websocket_piece>> receive_piece();
  /// All that `receive` gives: `auto all = socket.messages(); while (auto* each = co_await all.next()) ...`.
  [[nodiscard]] HOCKET_CORO_WRAPPER async_generator<websocket_message> messages();

  /// Sends a message; the bytes must stay alive meanwhile. Throws `websocket_closed` once the websocket is closing, or was lost; `send_text`
  /// throws hocket::error of what is no UTF-8.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> send_text(std::string_view text);
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> send_binary(std::string_view bytes);

  /// Sends as one message what `produce` writes, each piece as a fragment. Messages of other tasks wait until it has ended; pings and pongs go in
  /// between. If it, or a `write`, throws after the first piece, or the text is no UTF-8, the message cannot be completed: the websocket is closed
  /// by 1011.
  using producer = function<coro<void>(websocket_writer&)>;
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> send_text_pieces(producer produce);
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> send_binary_pieces(producer produce);

  /// Sends a ping and waits for its pong, which is heard at once while another task receives. Gives the time between the two. Cancelled, it only
  /// stops waiting. Throws `websocket_closed`.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<duration> ping();

  /// Closes in order: says why, waits for the other side to say the same, for `close_timeout` at most, and closes the connection. What still
  /// comes is dropped, unless another task receives it. Once it was closed, by either side, only what is left of that is done. Throws
  /// hocket::error of a code that may not be sent and of a reason that is longer than 123 bytes or no UTF-8; `cancelled`, and then the connection
  /// is aborted.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> close(std::uint16_t code = close_code::normal, std::string reason = {});

  /// Waits until it has ended, or the connection takes nothing more, also while nobody receives (as far as the next message, see above): for who
  /// has nothing to send yet. Throws `cancelled`. Counterpart: websockets' wait_closed.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> wait_closed();

  /// Ends it at once: whoever waits for it gets `websocket_closed`.
  void abort() noexcept;

  /// Neither side has begun to close it, and the connection was not lost.
  [[nodiscard]] bool is_open() const noexcept;
  /// Why it has ended; nothing before. What the other side said, or was told because it broke the rules, or `close_code::none`, `abnormal`.
  [[nodiscard]] std::optional<std::uint16_t> close_code() const noexcept;
  /// What the other side said besides.
  [[nodiscard]] std::string_view close_reason() const noexcept;
  /// What was agreed upon; empty: none.
  [[nodiscard]] const std::string& subprotocol() const noexcept;

 private:
  void let_go() noexcept;

  std::shared_ptr<detail::websocket_core> core_;
};

}  // namespace hocket::http
