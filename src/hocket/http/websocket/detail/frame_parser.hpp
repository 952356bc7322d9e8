#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <hocket/http/websocket/detail/frame.hpp>

namespace hocket::http::detail {

struct frame_parser_options {
  bool is_masked = false;          ///< the peer is a client, which must; a server must not
  bool may_be_compressed = false;  ///< it was agreed upon: messages may have RSV1
};

/// Reads the frames of one direction of a websocket. Whatever way the bytes are cut into inputs, it finds the same: it holds no more than
/// the head of a frame and the payload of a control frame. Source: RFC 6455, 5.
class frame_parser {
 public:
  enum class event : unsigned char {
    need_more,  ///< all of the input is consumed
    head,       ///< a frame of data begins: `head`
    data,       ///< a piece of its payload, perhaps empty; see `ends_message`
    control,    ///< a whole control frame: `control_kind`, `control_payload`
  };

  explicit frame_parser(frame_parser_options options) noexcept : options_(options) {}

  /// Reads on, consuming from the front of `input`, whose payloads are uncovered where they stand. `piece` is set with `data`, and is a
  /// part of the input. Throws `bad_frame`; then nothing more may be asked of it.
  event next(std::span<char>& input, std::string_view& piece);

  /// Of the frame of data that was begun last.
  [[nodiscard]] const frame_head& head() const noexcept { return head_; }
  /// It has not ended; so much of its payload is to come.
  [[nodiscard]] bool is_amid_frame() const noexcept { return stage_ == stage::payload; }
  [[nodiscard]] std::uint64_t left_of_frame() const noexcept { return head_.length - taken_; }
  /// The piece is the last of its message.
  [[nodiscard]] bool ends_message() const noexcept { return ends_message_; }
  /// Text or binary: of the message that has come in part, or last.
  [[nodiscard]] opcode message_kind() const noexcept { return message_kind_; }
  [[nodiscard]] bool is_message_compressed() const noexcept { return is_message_compressed_; }

  [[nodiscard]] opcode control_kind() const noexcept { return head_of_control_.kind; }
  [[nodiscard]] std::string_view control_payload() const noexcept { return {control_.data(), control_size_}; }

 private:
  enum class stage : unsigned char { head, payload, control };

  bool read_head(std::span<char>& input);
  void check_first_byte() const;
  void check_second_byte() const;
  [[nodiscard]] std::size_t head_size() const noexcept;
  void interpret_head();
  void begin_frame(const frame_head& begun);
  [[nodiscard]] event take_payload(std::span<char>& input, std::string_view& piece);
  [[nodiscard]] bool take_control(std::span<char>& input);

  frame_parser_options options_;
  stage stage_ = stage::head;
  bool in_message_ = false;
  bool ends_message_ = false;
  bool is_message_compressed_ = false;
  opcode message_kind_ = opcode::text;
  unsigned char bytes_of_head_ = 0;
  unsigned char control_size_ = 0;
  std::uint64_t taken_ = 0;  // of the payload
  frame_head head_;
  frame_head head_of_control_;  // which may stand amid a message
  std::array<unsigned char, longest_frame_head> bytes_;
  std::array<char, longest_control> control_;
};

}  // namespace hocket::http::detail
