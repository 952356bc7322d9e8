// What a message ends with, an empty block without compression, is left out when it is sent (00 00 FF FF), and put back when it is received.

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include <zlib.h>

#include <hocket/http/websocket/close_code.hpp>
#include <hocket/http/websocket/detail/frame.hpp>
#include <hocket/http/websocket/detail/message_deflater.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::string_view trailer("\0\0\xFF\xFF", 4);
constexpr std::size_t most_at_once = 16 * 1024;
constexpr int between_blocks = 128;                          // of `data_type`
constexpr std::size_t largest_piece = std::size_t{1} << 30;  // zlib counts in unsigned int

Bytef* bytes_of(const char* text) noexcept { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

}  // namespace

// ---- compressing

struct message_deflater::state {
  z_stream stream{};
};

void message_deflater::ending::operator()(state* old) const noexcept {
  ::deflateEnd(&old->stream);
  delete old;
}

std::string message_deflater::add(std::string_view piece, bool is_last) {
  if (state_ == nullptr) {
    auto made = std::make_unique<state>();
    const int memory = std::max(window_.bits - 7, 1);  // as zlib's defaults have it: 8 of 15
    if (::deflateInit2(&made->stream, std::clamp(level_, 1, 9), Z_DEFLATED, -window_.bits, memory,
                       Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
    state_.reset(made.release());
  }
  z_stream& stream = state_->stream;
  std::string packed;
  do {
    const std::string_view part = piece.substr(0, largest_piece);
    piece.remove_prefix(part.size());
    stream.next_in = bytes_of(part.data());
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      const std::size_t before = packed.size();
      const std::size_t room = std::clamp<std::size_t>(stream.avail_in / 2, 256, 256 * 1024);
      packed.resize(before + room);
      stream.next_out = bytes_of(packed.data() + before);
      stream.avail_out = static_cast<uInt>(room);
      ::deflate(&stream, piece.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      packed.resize(before + room - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!piece.empty());
  if (!is_last) return packed;
  if (packed.ends_with(trailer))
    packed.resize(packed.size() - trailer.size());
  else
    packed += '\0';  // nothing to flush: an empty block
  if (!window_.keeps_context) state_.reset();
  return packed;
}

// ---- and back

struct message_inflater::state {
  z_stream stream{};
  std::unique_ptr<char[]> out{};  // while there is something to inflate
};

void message_inflater::ending::operator()(state* old) const noexcept {
  ::inflateEnd(&old->stream);
  delete old;
}

void message_inflater::add(std::string_view piece, bool is_last) {
  if (state_ == nullptr) {
    auto made = std::make_unique<state>();
    if (::inflateInit2(&made->stream, -std::max(window_.bits, 9)) != Z_OK) throw std::bad_alloc();
    state_.reset(made.release());
  }
  if (state_->out == nullptr) state_->out = std::make_unique_for_overwrite<char[]>(most_at_once);
  rest_ = piece;
  has_trailer_to_come_ = is_last;
  ends_message_ = is_last;
}

std::string_view message_inflater::next() {
  for (;;) {
    const std::string_view some = inflate_some();
    if (!some.empty()) return some;
    if (!rest_.empty()) continue;
    if (!std::exchange(has_trailer_to_come_, false)) break;
    rest_ = trailer;
  }
  if (state_ == nullptr) return {};
  state_->out.reset();
  if (!std::exchange(ends_message_, false)) return {};
  if ((state_->stream.data_type & between_blocks) == 0)
    throw bad_frame(close_code::invalid_data, "a message whose compressed data is cut off");
  if (!window_.keeps_context) state_.reset();
  return {};
}

std::string_view message_inflater::inflate_some() {
  if (state_ == nullptr || state_->out == nullptr) return {};
  z_stream& stream = state_->stream;
  const std::string_view part = rest_.substr(0, largest_piece);
  stream.next_in = bytes_of(part.data());
  stream.avail_in = static_cast<uInt>(part.size());
  stream.next_out = bytes_of(state_->out.get());
  stream.avail_out = static_cast<uInt>(most_at_once);
  const int answer = ::inflate(&stream, Z_SYNC_FLUSH);
  if (answer == Z_MEM_ERROR) throw std::bad_alloc();
  if (answer != Z_OK && answer != Z_STREAM_END && answer != Z_BUF_ERROR)
    throw bad_frame(close_code::invalid_data, "a message whose compressed data is malformed");
  rest_.remove_prefix(part.size() - stream.avail_in);
  // RFC 7692, 7.2.3.4: a block may say that it is the last; the next one goes on with what was said before.
  if (answer == Z_STREAM_END) ::inflateResetKeep(&stream);
  return {state_->out.get(), most_at_once - stream.avail_out};
}

}  // namespace hocket::http::detail
