#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/h2_stream.hpp>
#include <hocket/http/detail/trailers.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr std::size_t kept_capacity = 128 * 1024;  // of memory, for the next piece

static std::system_error gone() {
  return std::system_error(std::make_error_code(std::errc::connection_reset), "the other side has given up");
}

static invalid_state_error broken_off() { return invalid_state_error("a part of the body was not sent"); }

// ---- what comes

void h2_stream::take_data(std::string_view piece) {
  if (is_closed_ || failure_ != nullptr) return;
  arrived_ += piece;
  news_.set();
}

void h2_stream::end_body() noexcept {
  is_whole_ = true;
  news_.set();
}

void h2_stream::fail(std::exception_ptr why) noexcept {
  failure_ = std::move(why);
  news_.set();
}

coro<std::string_view> h2_stream::next() {
  if (!has_news()) co_await wait_for_news();
  co_return take();
}

coro<void> h2_stream::wait_for_news() {
  give_credit();
  while (!has_news()) {
    news_.clear();
    co_await news_.wait();
  }
}

std::string_view h2_stream::take() {
  give_credit();
  if (arrived_.empty() && failure_ != nullptr) std::rethrow_exception(failure_);
  has_given_end_ = arrived_.empty();
  taken_.swap(arrived_);
  owed_ = taken_.size();
  return taken_;
}

// For the piece that was given last: so that it and what arrives meanwhile are no more than the window.
void h2_stream::give_credit() {
  taken_.clear();
  if (taken_.capacity() > kept_capacity) taken_ = {};
  if (owed_ == 0) return;
  session_.give_credit(id_, std::exchange(owed_, 0));
  session_.collect();
}

const headers& h2_stream::trailers() const noexcept { return has_given_end_ ? trailers_ : body_source::trailers(); }

void h2_stream::keep_trailer(std::string_view name, std::string_view value) {
  if (!belongs_before_body(name)) trailers_.add_unchecked(name, value);
}

// ---- what goes

void h2_stream::send_behind(headers trailers) {
  const std::vector<headers::field> list(trailers.begin(), trailers.end());
  h2_session::require_sendable("the fields behind the body are", list);
  trailers_out_ = std::move(trailers);
}

coro<void> h2_stream::send(std::string_view piece, bool is_last, duration limit, duration silence) {
  struct borrowing {
    h2_stream& from;
    bool is_sent = false;
    ~borrowing() {
      from.pending_ = {};
      from.is_last_ = false;
      if (!is_sent) from.break_off_body();
    }
  } borrows{*this};
  if (is_closed_) throw gone();
  if (is_broken_off_) throw broken_off();
  pending_ = piece;
  is_last_ = is_last;
  taken_at_ = loop::running().time();
  session_.resume(*this);
  session_.collect();
  if (has_to_send() && !is_closed_) co_await wait_until_sent(limit, silence);
  if (has_to_send()) throw gone();
  borrows.is_sent = true;
}

coro<void> h2_stream::wait_until_sent(duration limit, duration silence) {
  const auto after = [](time_point begin, duration length) {
    return length > time_point::max() - begin ? time_point::max() : begin + length;
  };
  const time_point end = after(taken_at_, limit);
  while (has_to_send() && !is_closed_) {  // the last of the interim heads, too, wakes who waits
    sent_.clear();
    const time_point bound = std::min(end, after(taken_at_, silence));
    try {
      co_await with_timeout_at(bound, sent_.wait());
    } catch (const timeout_error&) {
      if (bound == end || after(taken_at_, silence) <= loop::running().time()) throw;
    }
  }
}

std::string_view h2_stream::take_pending(std::size_t size) noexcept {
  const std::string_view piece = pending_.substr(0, size);
  pending_.remove_prefix(piece.size());
  taken_at_ = loop::running().time();
  if (pending_.empty() && !(is_last_ && !trailers_out_.empty())) end_sending();
  return piece;
}

void h2_stream::end_sending() noexcept {
  has_sent_last_ = is_last_;
  is_last_ = false;
  sent_.set();
}

// Heads go out in the order in which they were submitted: interim ones, the final one, trailers.
void h2_stream::head_was_sent(bool ends_stream) noexcept {
  if (interim_ == 0) {
    if (ends_stream && is_last_) end_sending();
  } else if (--interim_ == 0) {
    sent_.set();
  }
}

coro<void> h2_stream::send_interim(int status, const headers& fields, duration limit) {
  if (is_closed_) throw gone();
  const std::vector<headers::field> list(fields.begin(), fields.end());
  session_.submit_interim_reply(*this, status, list);
  session_.collect();
  while (interim_ > 0 && !is_closed_) {
    sent_.clear();
    co_await with_timeout(limit, sent_.wait());
  }
  if (is_closed_) throw gone();
}

// ---- the end

void h2_stream::reset(h2_error why) {
  if (is_closed_) return;
  session_.reset(*this, why);
  session_.collect();
}

void h2_stream::cut_off() noexcept {
  if (is_closed_) return;
  try {
    reset(h2_error::cancel);
    was_cut_off();
  } catch (const std::exception&) {  // no memory for a frame: the connection's end is the stream's, too
    session_.terminate(h2_error::internal_error);
  }
  lose();
}

std::exception_ptr h2_stream::why_closed(std::uint32_t) const noexcept {
  try {
    return std::make_exception_ptr(gone());
  } catch (...) {  // no memory to say it
    return std::current_exception();
  }
}

void h2_stream::close(std::uint32_t code) noexcept {
  if (is_closed_) return;
  is_closed_ = true;
  if (!is_whole_ && failure_ == nullptr) failure_ = why_closed(code);
  news_.set();
  sent_.set();
  was_closed();
}

}  // namespace hocket::http::detail
