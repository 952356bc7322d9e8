#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/websocket/detail/frame.hpp>
#include <hocket/http/websocket/detail/frame_parser.hpp>
#include <hocket/http/websocket/detail/message_deflater.hpp>
#include <hocket/http/websocket/detail/utf8_checker.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/loop/buffer.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::http::detail {

/// What a `websocket` is made of. Shared with its own tasks and with whatever is under way on it.
class websocket_core : public std::enable_shared_from_this<websocket_core> {
 public:
  websocket_core(byte_stream connection, buffer early, websocket_agreement agreed, websocket_options options);
  websocket_core(const websocket_core&) = delete;

  /// Begins its own tasks.
  void begin();
  /// The websocket goes.
  void let_go() noexcept;
  void abort() noexcept;

  /// A call that is under way holds it, for the websocket may go meanwhile.
  using keeper = std::shared_ptr<websocket_core>;
  coro<std::optional<websocket_message>> receive(keeper);
  coro<bool> receive(keeper, websocket_message& into);
  coro<std::optional<websocket_piece>> receive_piece(keeper);
  coro<void> send(keeper, bool is_text, std::string_view data);
  coro<void> send_pieces(keeper, bool is_text, websocket::producer produce);
  coro<duration> ping(keeper);
  coro<void> close(keeper, std::uint16_t code, std::string reason);
  coro<void> wait_closed(keeper);

  [[nodiscard]] bool is_open() const noexcept {
    return !has_ended_ && !cannot_send_ && !close_to_send_ && !has_sent_close_;
  }
  [[nodiscard]] const std::optional<websocket_closed>& end() const noexcept { return end_; }
  [[nodiscard]] const websocket_agreement& agreed() const noexcept { return agreed_; }

  /// A piece of the message that is sent. False: it makes text that is no UTF-8.
  [[nodiscard]] bool takes_text(std::string_view piece) noexcept { return text_out_.add(piece); }
  coro<void> send_piece(bool is_text, std::string_view piece);

 private:
  /// Somebody waits for the pong of a ping.
  struct awaited_pong {
    std::uint64_t number;
    bool is_answered = false;
    event over{};
  };
  enum class step : unsigned char { needs_bytes, head, piece, ended };

  // receiving
  step advance(websocket_piece& piece);
  [[nodiscard]] bool has_data_at_hand() const noexcept;
  [[nodiscard]] bool announces_too_much() const noexcept;
  void keep(std::string_view data);
  coro<void> give_others_a_turn();
  step pass_control_frames(bool drops_data);
  void take_control();
  void take_close(std::string_view payload);
  void take_pong(std::string_view payload) noexcept;
  [[nodiscard]] bool take_inflated(websocket_piece& piece);
  void take_data(websocket_piece& piece, std::string_view data, bool is_last);
  void take_back_lent() noexcept;
  void drop_received() noexcept;
  coro<void> fill();
  coro<void> leave();
  static coro<void> attend(std::shared_ptr<websocket_core> mine);

  // sending
  class unfinished_frame;
  void require_open() const;
  [[nodiscard]] bool may_send_on() const noexcept;
  coro<void> send_large(opcode kind, std::string_view data);
  coro<void> send_fragments(opcode kind, std::string_view data, bool is_last);
  coro<void> send_fragment(opcode kind, std::string_view payload, bool is_last);
  coro<void> send_frame(frame_head head, std::string_view payload);
  [[nodiscard]] bool deflates(opcode kind, std::string_view payload, bool is_last) noexcept;
  [[nodiscard]] frame_mask draw_mask() const;
  [[nodiscard]] bool has_control_to_send() const noexcept { return pong_ || ping_to_send_ || close_to_send_; }
  void need_control_sent();
  [[nodiscard]] std::string take_control_frames();
  static coro<void> send_controls(std::shared_ptr<websocket_core> mine);
  static coro<void> beat(std::shared_ptr<websocket_core> mine);

  // ends
  void ends(websocket_closed how) noexcept;
  void lose(std::string_view why) noexcept;
  void lose_sending() noexcept;
  void abandon(std::string_view why) noexcept;
  void end_tasks() noexcept;
  void give_up_on_pongs() noexcept;
  void fail(std::uint16_t code, std::string_view why);
  void say_close(std::uint16_t code, std::string_view reason);
  coro<void> shake_hands();

  byte_stream stream_;
  websocket_agreement agreed_;
  websocket_options options_;

  // What comes in.
  lock receiving_;
  frame_parser parser_;
  buffer received_;
  std::span<char> rest_;         // of it
  buffer lent_;                  // of which a piece is with who has received it
  bool is_lent_ = false;         // a piece of `received_`
  bool is_amid_pieces_ = false;  // of a message
  std::string message_;          // as much of it as has come
  utf8_checker text_in_;
  std::optional<message_inflater> inflater_;
  bool is_inflating_ = false;         // a piece of a payload, of which there may be more
  bool inflates_last_piece_ = false;  // of its message
  std::size_t inflated_ = 0;          // since other tasks had a turn
  event asked_;                       // somebody has asked to receive, since `attend` looked last
  time_point last_received_{};
  std::uint64_t arrivals_ = 0;

  // What goes out.
  lock messages_;
  lock frames_;
  std::string out_;
  utf8_checker text_out_;
  std::optional<message_deflater> deflater_;
  bool is_deflating_ = false;                  // the message that is sent
  bool is_amid_message_ = false;               // whose last fragment is to be sent
  event message_sent_;                         // or none is sent that can be completed without its producer
  time_point last_taken_{};                    // by the other side, of what had waited for that
  std::optional<std::string> pong_;            // to send: the last ping alone is answered (RFC 6455, 5.5.3)
  std::optional<std::uint64_t> ping_to_send_;  // the last one: its pong answers those before
  time_point ping_sent_{};
  std::optional<std::string> close_to_send_;  // its payload
  bool has_sent_close_ = false;
  bool is_sending_control_ = false;
  event control_sent_;
  std::uint64_t pings_ = 0;
  std::vector<awaited_pong*> awaited_;
  std::optional<task<void>> heartbeat_;
  std::optional<task<void>> attending_;

  // The end.
  bool cannot_send_ = false;             // the connection takes nothing more; what has come may still say why
  event over_;                           // one of these two
  bool has_ended_ = false;               // nothing more is received
  std::optional<websocket_closed> end_;  // how
  bool has_failed_ = false;              // not by a close frame of the other side
  websocket_closed starved_;             // if there is no memory to say how
};

}  // namespace hocket::http::detail
