#include <algorithm>
#include <memory>
#include <span>
#include <system_error>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/h2_body_sender.hpp>
#include <hocket/http/detail/trailers.hpp>

namespace hocket::http::detail {

// Read from a file at a time, and told of as sent.
static constexpr std::size_t part_size = 64 * 1024;

coro<void> h2_body_sender::write(std::string_view piece) {
  if (piece.empty()) co_return;
  account(piece.size());
  co_await send(piece, left_ == 0U);
  trace_.tell(&tracing::request_chunk_sent, piece.size());
}

coro<void> h2_body_sender::write_file(file& from, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) co_return;
  account(length);
  const auto bytes = std::make_unique_for_overwrite<char[]>(std::min<std::uint64_t>(length, part_size));
  try {
    while (length > 0) {
      const std::span<char> room(bytes.get(), static_cast<std::size_t>(std::min<std::uint64_t>(length, part_size)));
      const std::size_t count = co_await from.read(room, static_cast<std::int64_t>(offset));
      if (count == 0) throw hocket::error("the file became shorter while it was sent");
      offset += count;
      length -= count;
      co_await send({bytes.get(), count}, length == 0 && left_ == 0U);
      trace_.tell(&tracing::request_chunk_sent, count);
    }
  } catch (...) {
    to_.break_off_body();
    throw;
  }
}

// The head has gone already.
coro<void> h2_body_sender::flush() { co_return; }

coro<void> h2_body_sender::finish() {
  if (left_.value_or(0) > 0) throw client_error(fmt::format("the body has {} bytes less than was said of it", *left_));
  to_.send_behind(std::move(trailers_));
  if (!to_.has_sent_last()) co_await send("", true);
}

void h2_body_sender::add_trailer(std::string_view name, std::string_view value) {
  if (left_) throw invalid_state_error("a body whose length was announced has no trailers");
  add_trailer_field(trailers_, name, value);
}

void h2_body_sender::account(std::uint64_t size) {
  if (!left_) return;
  if (size > *left_) throw invalid_state_error("the body has more bytes than was said of it");
  *left_ -= size;
}

coro<void> h2_body_sender::send(std::string_view part, bool is_last) {
  try {
    co_await to_.send(part, is_last, limits_.deadline - loop::running().time(), limits_.each);
  } catch (const std::system_error&) {
    refused_ = true;
    throw;
  } catch (const timeout_error&) {
    stuck_ = true;
    limits_.give_up("the server takes no request");
  }
}

}  // namespace hocket::http::detail
