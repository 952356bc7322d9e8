#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/append.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/h1_body_sender.hpp>
#include <hocket/http/client/detail/unanswered.hpp>
#include <hocket/http/detail/trailers.hpp>

namespace hocket::http::detail {

// What is larger is sent in parts, each of which has the time that any departure of bytes has (`sock_read`): small enough that a server
// that takes a kilobyte or two a second is not taken for one that takes nothing, large enough to cost little.
static constexpr std::size_t part_size = 64 * 1024;

coro<void> h1_body_sender::write(std::string_view piece) {
  if (piece.empty()) co_return;
  account(piece.size());
  const std::string_view line = left_ ? std::string_view() : chunk_line(piece.size());
  const std::string_view end = left_ ? std::string_view() : std::string_view("\r\n");
  if (piece.size() <= part_size) {
    co_await send({line, piece, end});
  } else {
    co_await send({line, {}, {}});
    for (std::size_t at = 0; at < piece.size(); at += part_size) co_await send({piece.substr(at, part_size), {}, {}});
    co_await send({end, {}, {}});
  }
  trace_.tell(&tracing::request_chunk_sent, piece.size());
}

coro<void> h1_body_sender::write_file(file& from, std::uint64_t offset, std::uint64_t length) {
  if (length == 0) co_return;
  account(length);
  co_await send({left_ ? std::string_view() : chunk_line(length), {}, {}});
  for (std::uint64_t sent = 0; sent < length;) {
    const std::uint64_t part = std::min<std::uint64_t>(part_size, length - sent);
    co_await note_failure(to_.send_part(from, offset + sent, part));
    sent += part;
    trace_.tell(&tracing::request_chunk_sent, static_cast<std::size_t>(part));
  }
  if (!left_) co_await send({"\r\n", {}, {}});
}

coro<void> h1_body_sender::flush() { co_await send({}); }

coro<void> h1_body_sender::finish() {
  if (left_ && *left_ > 0) throw client_error(fmt::format("the body has {} bytes less than was said of it", *left_));
  std::string end;
  if (!left_) {
    end = "0\r\n";
    for (const auto& [name, value] : trailers_) append(end, name, ": ", value, "\r\n");
    end += "\r\n";
  }
  co_await send({end, {}, {}});
}

void h1_body_sender::add_trailer(std::string_view name, std::string_view value) {
  if (left_) throw invalid_state_error("a body whose length was announced has no trailers");
  add_trailer_field(trailers_, name, value);
}

void h1_body_sender::account(std::uint64_t size) {
  if (!left_) return;
  if (size > *left_) throw invalid_state_error("the body has more bytes than was said of it");
  *left_ -= size;
}

std::string_view h1_body_sender::chunk_line(std::uint64_t size) {
  const auto end = fmt::format_to(line_.begin(), "{:x}\r\n", size);
  return {line_.data(), static_cast<std::size_t>(end - line_.begin())};
}

coro<void> h1_body_sender::send(std::array<std::string_view, 3> pieces) {
  std::array<std::string_view, 4> all{};
  std::size_t count = 0;
  const bool with_head = !head_.empty();
  if (with_head) all[count++] = std::exchange(head_, {});
  for (const std::string_view piece : pieces)
    if (!piece.empty()) all[count++] = piece;
  if (count > 0) co_await note_failure(to_.send(std::span(all).first(count)));
  if (with_head) trace_.tell(&tracing::request_headers_sent);
}

coro<void> h1_body_sender::note_failure(coro<void> sending) {
  try {
    co_await std::move(sending);
  } catch (const std::system_error& failed) {
    refused_ = is_end(failed.code());
    throw;
  } catch (const timeout_error&) {
    stuck_ = true;
    throw;
  }
}

}  // namespace hocket::http::detail
