#include <algorithm>
#include <limits>

#include <hocket/http/websocket/close_code.hpp>
#include <hocket/http/websocket/detail/frame_parser.hpp>

namespace hocket::http::detail {
namespace {

constexpr unsigned length_in_two_bytes = 126;
constexpr unsigned length_in_eight_bytes = 127;

[[noreturn]] void refuse(const char* reason) { throw bad_frame(close_code::protocol_error, reason); }

bool is_known(unsigned kind) noexcept { return kind <= 2 || (kind >= 8 && kind <= 10); }

}  // namespace

frame_parser::event frame_parser::next(std::span<char>& input, std::string_view& piece) {
  for (;;) {
    switch (stage_) {
      case stage::head:
        if (!read_head(input)) return event::need_more;
        interpret_head();
        if (stage_ == stage::payload) return event::head;
        break;
      case stage::payload: {
        const event found = take_payload(input, piece);
        if (found != event::head) return found;
        break;
      }
      case stage::control:
        if (!take_control(input)) return event::need_more;
        stage_ = stage::head;
        return event::control;
    }
  }
}

bool frame_parser::read_head(std::span<char>& input) {
  while (bytes_of_head_ < 2) {
    if (input.empty()) return false;
    bytes_[bytes_of_head_++] = static_cast<unsigned char>(input.front());
    input = input.subspan(1);
    if (bytes_of_head_ == 1)
      check_first_byte();
    else
      check_second_byte();
  }
  const std::size_t size = std::min(head_size() - bytes_of_head_, input.size());
  std::copy_n(input.begin(), size, bytes_.begin() + bytes_of_head_);
  input = input.subspan(size);
  bytes_of_head_ = static_cast<unsigned char>(bytes_of_head_ + size);
  return bytes_of_head_ == head_size();
}

std::size_t frame_parser::head_size() const noexcept {
  const unsigned length = bytes_[1] & 0x7FU;
  const std::size_t mask = (bytes_[1] & 0x80U) != 0 ? 4 : 0;
  return 2 + mask + (length == length_in_two_bytes ? 2U : length == length_in_eight_bytes ? 8U : 0U);
}

// What is wrong already is refused before the rest of the head has come.
void frame_parser::check_first_byte() const {
  const unsigned kind = bytes_[0] & 0x0FU;
  const bool is_compressed = (bytes_[0] & 0x40U) != 0;
  if (!is_known(kind)) refuse("a frame of an unknown kind");
  if ((bytes_[0] & 0x30U) != 0) refuse("a frame with a reserved bit");
  if (is_control(static_cast<opcode>(kind))) {
    if (is_compressed) refuse("a control frame with a reserved bit");
    if ((bytes_[0] & 0x80U) == 0) refuse("a control frame in fragments");
    return;
  }
  const bool continues = static_cast<opcode>(kind) == opcode::continuation;
  if (continues && !in_message_) refuse("a continuation of nothing");
  if (!continues && in_message_) refuse("a message within another one");
  if (is_compressed && (continues || !options_.may_be_compressed)) refuse("a frame with a reserved bit");
}

void frame_parser::check_second_byte() const {
  const bool is_masked = (bytes_[1] & 0x80U) != 0;
  if (is_masked != options_.is_masked)
    refuse(options_.is_masked ? "a frame of a client without a mask" : "a frame of a server with a mask");
  const bool is_long = (bytes_[1] & 0x7FU) > longest_control;
  if (is_long && is_control(static_cast<opcode>(bytes_[0] & 0x0FU))) refuse("a control frame larger than 125 bytes");
}

void frame_parser::interpret_head() {
  frame_head begun{.kind = static_cast<opcode>(bytes_[0] & 0x0FU),
                   .is_last = (bytes_[0] & 0x80U) != 0,
                   .is_compressed = (bytes_[0] & 0x40U) != 0,
                   .is_masked = (bytes_[1] & 0x80U) != 0,
                   .length = bytes_[1] & 0x7FU};
  const std::size_t end = bytes_of_head_ - (begun.is_masked ? begun.mask.size() : 0);
  if (begun.length >= length_in_two_bytes) {
    const std::uint64_t least = begun.length == length_in_two_bytes ? 126 : 65536;
    begun.length = 0;
    for (std::size_t at = 2; at < end; ++at) begun.length = begun.length << 8U | bytes_[at];
    if (begun.length < least) refuse("the length of a frame in more bytes than it needs");
    if (begun.length > std::numeric_limits<std::int64_t>::max()) refuse("the length of a frame is too large");
  }
  if (begun.is_masked) std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(end), 4, begun.mask.begin());
  bytes_of_head_ = 0;
  begin_frame(begun);
}

void frame_parser::begin_frame(const frame_head& begun) {
  if (is_control(begun.kind)) {
    head_of_control_ = begun;
    control_size_ = 0;
    stage_ = stage::control;
    return;
  }
  taken_ = 0;
  head_ = begun;
  if (begun.kind != opcode::continuation) {
    message_kind_ = begun.kind;
    is_message_compressed_ = begun.is_compressed;
  }
  in_message_ = true;
  ends_message_ = false;
  stage_ = stage::payload;
}

// `head`: the frame has ended, without having anything to say.
frame_parser::event frame_parser::take_payload(std::span<char>& input, std::string_view& piece) {
  const std::uint64_t left = head_.length - taken_;
  if (left > 0 && input.empty()) return event::need_more;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, input.size()));
  const std::span<char> taken = input.first(size);
  input = input.subspan(size);
  if (head_.is_masked) apply_mask(taken, head_.mask, taken_);
  taken_ += size;
  piece = {taken.data(), taken.size()};
  if (taken_ < head_.length) return event::data;
  stage_ = stage::head;
  ends_message_ = head_.is_last;
  in_message_ = !head_.is_last;
  return size == 0 && !ends_message_ ? event::head : event::data;
}

bool frame_parser::take_control(std::span<char>& input) {
  const std::size_t left = static_cast<std::size_t>(head_of_control_.length) - control_size_;
  const std::size_t size = std::min(left, input.size());
  const std::span<char> taken = input.first(size);
  if (head_of_control_.is_masked) apply_mask(taken, head_of_control_.mask, control_size_);
  std::copy(taken.begin(), taken.end(), control_.begin() + control_size_);
  input = input.subspan(size);
  control_size_ = static_cast<unsigned char>(control_size_ + size);
  return control_size_ == head_of_control_.length;
}

}  // namespace hocket::http::detail
