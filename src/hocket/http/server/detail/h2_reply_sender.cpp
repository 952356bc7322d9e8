#include <algorithm>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/connection_fields.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/http/detail/trailers.hpp>
#include <hocket/http/server/detail/body_rate.hpp>
#include <hocket/http/server/detail/h2_reply_sender.hpp>
#include <hocket/http/server/detail/reply_fields.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr std::size_t most_sent_at_once = 256 * 1024;
static constexpr std::size_t most_read = 64 * 1024;  // of a file

static bool has_no_body(const reply& given) noexcept {
  return given.status == 204 || given.status == 304 || given.status == switching_protocols;
}

bool h2_reply_sender::write_head(const reply& given, bool answers_head) noexcept {
  given_ = &given;
  trailers_.clear();
  answers_head_ = answers_head || has_no_body(given);
  left_ = given.body.length();
  return !answers_head_;
}

// The head goes with the first piece of the body.
void h2_reply_sender::begin(bool has_body) {
  if (has_begun_) return;
  has_begun_ = stream_.is_closed();  // then no other reply can take its place either
  if (has_begun_) throw std::system_error(std::make_error_code(std::errc::connection_reset), "the client has gone");
  const std::optional<std::uint64_t> length = has_no_body(*given_) ? std::nullopt : given_->body.length();
  reply_fields fields(*given_, length, answers_head_, options_, date_);
  std::vector<headers::field> list;
  list.reserve(given_->headers.size() + 3);
  fields.for_each([&list](std::string_view name, std::string_view value) {
    if (!is_of_connection(name)) list.push_back({name, value});
  });
  // RFC 8441, 5: where HTTP/1.1 says 101, and the stream stays open.
  const bool changes_protocol = given_->status == switching_protocols;
  session_.submit_reply(stream_, changes_protocol ? 200 : given_->status, list, has_body || changes_protocol);
  has_begun_ = true;
}

coro<void> h2_reply_sender::send_with(std::string_view body) {
  const bool has_body = !answers_head_ && !body.empty();
  begin(has_body);
  if (has_body) co_await send(body, true);
  is_complete_ = true;
  if (!has_body) session_.collect();
}

coro<void> h2_reply_sender::write(std::string_view piece) {
  take(piece.size());
  begin(true);
  for (; !piece.empty(); piece.remove_prefix(std::min(piece.size(), most_sent_at_once)))
    co_await send(piece.substr(0, most_sent_at_once), false);
}

coro<void> h2_reply_sender::write_file(file& from, std::uint64_t offset, std::uint64_t length) {
  take(length);
  begin(true);
  const auto bytes = std::make_unique_for_overwrite<char[]>(std::min<std::uint64_t>(length, most_read));
  try {
    while (length > 0) {
      const std::span<char> room(bytes.get(), static_cast<std::size_t>(std::min<std::uint64_t>(length, most_read)));
      const std::size_t count = co_await from.read(room, static_cast<std::int64_t>(offset));
      if (count == 0) throw hocket::error("the file became shorter while it was sent");
      co_await send({bytes.get(), count}, false);
      offset += count;
      length -= count;
    }
  } catch (...) {
    stream_.break_off_body();
    throw;
  }
}

coro<void> h2_reply_sender::flush() {
  begin(true);
  session_.collect();
  co_return;
}

coro<void> h2_reply_sender::finish() {
  if (left_.value_or(0) > 0)
    throw invalid_state_error(fmt::format("the body ended {} bytes before its length", *left_));
  begin(true);
  stream_.send_behind(std::move(trailers_));
  co_await send("", true);
  is_complete_ = true;
}

void h2_reply_sender::add_trailer(std::string_view name, std::string_view value) {
  if (left_) throw invalid_state_error("a body whose length was announced has no trailers");
  add_trailer_field(trailers_, name, value);
}

void h2_reply_sender::take(std::uint64_t size) {
  if (!left_) return;
  if (size > *left_) throw invalid_state_error("more of a body was written than its length");
  *left_ -= size;
}

// Many small pieces have no more time than one that is as large as all.
coro<void> h2_reply_sender::send(std::string_view piece, bool is_last) {
  const time_point before = loop::running().time();
  const duration limit =
      std::min<duration>(time_for(piece.size(), options_), time_for(body_bytes_ + piece.size(), options_) - waited_);
  co_await stream_.send(piece, is_last, limit);
  waited_ += loop::running().time() - before;
  body_bytes_ += piece.size();
}

}  // namespace hocket::http::detail
