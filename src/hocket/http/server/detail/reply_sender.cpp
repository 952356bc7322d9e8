#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include <fmt/format.h>

#include <hocket/base/append.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/http/detail/trailers.hpp>
#include <hocket/http/server/detail/body_rate.hpp>
#include <hocket/http/server/detail/reply_fields.hpp>
#include <hocket/http/server/detail/reply_sender.hpp>
#include <hocket/http/status.hpp>
#include <hocket/io/send_file.hpp>

namespace hocket::http::detail {

static constexpr std::size_t most_copied = 16 * 1024;  // of a body: above, a second piece costs less than the copy
static constexpr std::size_t most_sent_at_once = 256 * 1024;
static constexpr std::uint64_t most_read = 64 * 1024;  // of a file, to go with the head: splicing costs more

framing reply_framing(const reply& given, int http_minor) noexcept {
  if (given.status == switching_protocols || given.status == 204 || given.status == 304) return {};
  if (const auto length = given.body.length()) return {body_end::length, length};
  return {http_minor > 0 ? body_end::last_chunk : body_end::close};
}

static void append_status_line(std::string& to, int status) {
  const fmt::format_int digits(status);
  append(to, "HTTP/1.1 ", std::string_view(digits.data(), digits.size()), " ", reason_phrase(status), "\r\n");
}

static void append_fields(std::string& to, const headers& fields) {
  for (const auto& [name, value] : fields) append(to, name, ": ", value, "\r\n");
}

void reply_sender::write_head(const reply& given, const reply_form& form) {
  trailers_.clear();
  left_ = form.body.content_length;
  end_ = form.answers_head ? body_end::no_body : form.body.end;
  out_.clear();
  append_status_line(out_, given.status);
  reply_fields fields(given, left_, form.answers_head, options_, date_);
  fields.for_each([this](std::string_view name, std::string_view value) { append(out_, name, ": ", value, "\r\n"); });
  if (form.body.end == body_end::last_chunk) out_ += "Transfer-Encoding: chunked\r\n";
  if (form.changes_protocol)
    out_ += "Connection: Upgrade\r\n";
  else if (form.is_last)
    out_ += "Connection: close\r\n";
  else if (form.is_of_http_1_0)
    out_ += "Connection: keep-alive\r\n";
  out_ += "\r\n";
}

coro<void> reply_sender::send_interim(int status, const headers& fields) {
  std::string head;
  append_status_line(head, status);
  append_fields(head, fields);
  head += "\r\n";
  begin_piece();
  co_await with_timeout(time_for(head.size(), options_), stream_.send_all(head));
  stage_ = stage::not_begun;
}

// In one send: a small body is copied behind the head, a large one is sent from where it is.
coro<void> reply_sender::send_with(std::string_view body) {
  begin_piece();
  const duration limit = time_for(body.size(), options_);
  if (body.size() <= most_copied) {
    out_ += body;
    co_await with_timeout(limit, stream_.send_all(out_));
  } else {
    const std::array<std::string_view, 2> pieces{out_, body};
    co_await with_timeout(limit, stream_.send_all(pieces));
  }
  end_piece(body.size());
}

coro<void> reply_sender::write(std::string_view piece) {
  take(piece.size());
  while (!piece.empty()) {
    const std::string_view part = piece.substr(0, most_sent_at_once);
    piece.remove_prefix(part.size());
    begin_piece();
    const std::string_view size_line = begin_chunk(part.size());
    const std::array<std::string_view, 4> pieces{out_, size_line, part, is_chunked() ? "\r\n" : ""};
    const time_point before = loop::running().time();
    co_await with_timeout(time_left_for(part.size()), stream_.send_all(pieces));
    waited_ += loop::running().time() - before;
    end_piece(part.size());
  }
}

coro<void> reply_sender::write_file(file& from, std::uint64_t offset, std::uint64_t length) {
  if (length <= most_read) {
    co_await read_and_write(from, offset, static_cast<std::size_t>(length));
    co_return;
  }
  take(length);
  while (length > 0) {
    const std::uint64_t part = std::min<std::uint64_t>(length, most_sent_at_once);
    out_ += begin_chunk(part);
    if (!out_.empty()) co_await send_with("");
    begin_piece();
    const send_file_options which{.offset = offset, .length = part};
    const time_point before = loop::running().time();
    co_await with_timeout(time_left_for(part), send_file(from, stream_, which));
    waited_ += loop::running().time() - before;
    end_piece(part);
    if (is_chunked()) out_ = "\r\n";
    offset += part;
    length -= part;
  }
}

coro<void> reply_sender::flush() {
  if (!has_sent_head()) co_await send_with("");
}

coro<void> reply_sender::finish() {
  require_pieces_sent();
  if (left_.value_or(0) > 0)
    throw invalid_state_error(fmt::format("the body ended {} bytes before its length", *left_));
  if (is_chunked()) {
    out_ += "0\r\n";
    append_fields(out_, trailers_);
    out_ += "\r\n";
  }
  if (!out_.empty()) co_await send_with("");
  end_ = body_end::no_body;
}

void reply_sender::add_trailer(std::string_view name, std::string_view value) {
  if (left_) throw invalid_state_error("a body whose length was announced has no trailers");
  add_trailer_field(trailers_, name, value);
}

// What comes behind a piece that could not be sent would be taken for the rest of it.
void reply_sender::require_pieces_sent() const {
  if (stage_ == stage::sending_head || stage_ == stage::sending)
    throw invalid_state_error("a piece of the body before this one was not sent");
}

// Many small pieces have no more time than one that is as large as all.
duration reply_sender::time_left_for(std::uint64_t size) const noexcept {
  return std::min<duration>(time_for(size, options_), time_for(body_bytes_ + size, options_) - waited_);
}

void reply_sender::begin_piece() {
  require_pieces_sent();
  stage_ = stage_ == stage::not_begun ? stage::sending_head : stage::sending;
}

void reply_sender::end_piece(std::uint64_t body_bytes) noexcept {
  out_.clear();
  stage_ = stage::between;
  body_bytes_ += body_bytes;
}

void reply_sender::take(std::uint64_t size) {
  if (!left_) return;
  if (size > *left_) throw invalid_state_error("more of a body was written than its length");
  *left_ -= size;
}

std::string_view reply_sender::begin_chunk(std::uint64_t size) noexcept {
  if (!is_chunked()) return {};
  const auto end = fmt::format_to_n(size_line_.data(), size_line_.size(), "{:x}\r\n", size);
  return {size_line_.data(), end.size};
}

coro<void> reply_sender::read_and_write(file& from, std::uint64_t offset, std::size_t length) {
  const auto bytes = std::make_unique_for_overwrite<char[]>(length);
  std::size_t size = 0;
  while (size < length) {
    const std::span<char> rest(bytes.get() + size, length - size);
    const std::size_t count = co_await from.read(rest, static_cast<std::int64_t>(offset + size));
    if (count == 0) throw hocket::error("the file became shorter while it was sent");
    size += count;
  }
  co_await write({bytes.get(), length});
}

}  // namespace hocket::http::detail
