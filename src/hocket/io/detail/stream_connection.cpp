#include <algorithm>
#include <stdexcept>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/io/detail/stream_connection.hpp>

namespace hocket::detail {

static constexpr std::size_t worth_keeping = 4096;  // bytes of memory that a reader at rest may hold

stream_connection::stream_connection(byte_stream stream, std::size_t limit)
    : connection(std::move(stream)), limit_(limit) {
  if (limit == 0) throw std::invalid_argument("a stream reader's limit is at least one byte");
}

void stream_connection::append(std::string_view bytes) {
  if (read_ > buffer_.size() / 2) {
    buffer_.erase(0, read_);
    read_ = 0;
  }
  buffer_ += bytes;
}

std::string stream_connection::take(std::size_t most) {
  const std::size_t count = std::min(most, buffered().size());
  if (read_ == 0 && count == buffer_.size()) return std::exchange(buffer_, {});
  std::string taken(buffered().substr(0, count));
  drop(count);
  return taken;
}

void stream_connection::drop(std::size_t count) noexcept {
  read_ += count;
  if (read_ < buffer_.size()) return;
  read_ = 0;
  if (buffer_.capacity() > worth_keeping)
    buffer_ = {};
  else
    buffer_.clear();
}

buffer stream_connection::received(std::expected<buffer, std::exception_ptr> answer) {
  if (answer && answer->empty() && refusal()) answer = std::unexpected(refusal());
  if (answer) {
    ended_ = answer->empty();
    return std::move(*answer);
  }
  if (!is_closing()) lose(std::move(answer).error());
  raise_error();
  ended_ = true;  // closed on this side while it was read
  return {};
}

stream_connection::reading::reading(stream_connection& of) : of_(of) {
  if (of.is_read_) throw invalid_state_error("a stream was read while another task reads it");
  of.is_read_ = true;
}

stream_ref make_stream_connection(byte_stream stream, std::size_t limit) {
  auto* made = new stream_connection(std::move(stream), limit);
  made->retain();
  return stream_ref(made);
}

}  // namespace hocket::detail
