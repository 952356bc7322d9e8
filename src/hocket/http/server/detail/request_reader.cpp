// Clients have an absolute time for a head, and for a body a rate, which is measured over all of it, and only while we wait for the
// client: a handler that takes its time is not the client's fault.

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include <hocket/core/activity.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/server/detail/body_rate.hpp>
#include <hocket/http/server/detail/later.hpp>
#include <hocket/http/server/detail/request_reader.hpp>
#include <hocket/http/server/http_error.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr auto longest_drain = std::chrono::seconds(1);
static constexpr std::uint64_t most_drained_bytes = 64 * 1024;  // of a body that the handler did not read

request_reader::request_reader(byte_stream& from, const server_options& options)
    : stream_(from),
      options_(options),
      parser_(
          {.head_bytes = options.max_head_bytes, .line_bytes = options.max_line_bytes, .fields = options.max_fields}) {}

void request_reader::begin_with(buffer came) noexcept {
  received_ = std::move(came);
  rest_ = received_.text();
}

coro<bool> request_reader::read_head(time_point now) {
  parser_.begin();
  std::string_view ignored;
  const time_point idle_until = later(now, options_.idle);  // blank lines begin nothing
  std::optional<time_point> until;
  std::optional<activity> reading;  // none of a head that comes in one piece, as most do
  for (bool is_first = true;; is_first = false) {
    if (parser_.next(rest_, ignored) == parse_event::head) co_return true;
    if (!is_first) now = loop::running().time();
    if (parser_.started() && !until) {
      until = later(now, options_.head);
      reading.emplace("reading the head of a request");
    }
    const arrival came = co_await receive(now, until.value_or(idle_until));
    if (came == arrival::too_late && until) throw bad_message("the request's head did not come in time", 408);
    if (came == arrival::end) parser_.finish_eof();  // a client that has ended its half may still listen
    if (came != arrival::bytes) co_return false;
  }
}

void request_reader::begin_body() {
  whole_.clear();
  body_ = parser_.expects_continue() ? body_state::unasked : body_state::coming;
  body_bytes_ = 0;
  waited_ = {};
  failure_ = nullptr;
  const bool has_none = !parser_.is_chunked() && parser_.content_length().value_or(0) == 0;
  if (has_none) find_end_of_body();
}

coro<std::string_view> request_reader::next() {
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (body_ == body_state::unasked) co_await tell_to_go_on();
  while (!is_over()) {
    std::string_view piece;
    try {
      if (parser_.next(rest_, piece) == parse_event::end) complete();
    } catch (const bad_message& problem) {
      give_up(problem.answer(), problem.what());
    }
    body_bytes_ += piece.size();
    if (is_over() || !piece.empty()) co_return piece;
    const arrival came = co_await receive_more();
    if (came == arrival::too_late) give_up(408, "the request's body comes too slowly");
    if (came == arrival::end) {
      lose();
      std::rethrow_exception(failure_);
    }
  }
  co_return std::string_view{};
}

// If it fails, or is cancelled, nobody knows how much of it the client has got, and what would come behind it could not be read.
coro<void> request_reader::tell_to_go_on() {
  lose();
  try {
    co_await with_timeout(options_.grace, stream_.send_all("HTTP/1.1 100 Continue\r\n\r\n"));
  } catch (const timeout_error&) {
    std::rethrow_exception(failure_);
  }
  failure_ = nullptr;
  body_ = body_state::coming;
}

// A wait that is cancelled counts too: a handler that asks again and again gives nobody more time.
coro<request_reader::arrival> request_reader::receive_more() {
  struct stopwatch {
    duration& total;
    time_point begun = loop::running().time();
    ~stopwatch() { total += loop::running().time() - begun; }
  };
  const duration left = std::min<duration>(options_.grace, time_for(body_bytes_, options_) - waited_);
  const stopwatch counts{waited_};
  const activity receiving("receiving the body");
  co_return co_await receive(counts.begun, later(counts.begun, left));
}

void request_reader::complete() noexcept {
  body_ = body_state::whole;
  whole_.set();
}

void request_reader::give_up(int status, const std::string& why) {
  body_ = body_state::broken;
  failure_ = std::make_exception_ptr(http_error(status, why));
  std::rethrow_exception(failure_);
}

void request_reader::lose() {
  body_ = body_state::lost;
  failure_ = std::make_exception_ptr(
      std::system_error(std::make_error_code(std::errc::connection_reset), "the client has gone"));
}

// Of what has come already: a body of no bytes, and one that the handler has left, is over without waiting.
void request_reader::find_end_of_body() {
  for (;;) {
    std::string_view ignored;
    const parse_event event = parser_.next(rest_, ignored);
    body_bytes_ += ignored.size();
    if (event == parse_event::end) return complete();
    if (event == parse_event::need_more) return;
  }
}

bool request_reader::may_drain() const noexcept {
  return body_ == body_state::whole ||
         (body_ == body_state::coming && parser_.content_length().value_or(0) <= most_drained_bytes);
}

coro<void> request_reader::drain() {
  if (is_over()) co_return;
  try {
    find_end_of_body();
    const time_point until = loop::running().time() + longest_drain;
    while (!is_over() && body_bytes_ <= most_drained_bytes) {
      if (co_await receive(loop::running().time(), until) != arrival::bytes) co_return;
      find_end_of_body();
    }
  } catch (const bad_message&) {  // not worth an answer
    body_ = body_state::broken;
  }
}

coro<bool> request_reader::client_goes() {
  co_await whole_.wait();
  if (!rest_.empty()) co_return false;
  received_ = {};
  auto came = co_await as_expected(stream_.receive());
  if (!came || came->text().empty()) co_return true;
  begin_with(std::move(*came));
  co_return false;
}

coro<void> request_reader::read_away(time_point until) {
  while (co_await receive(loop::running().time(), until) == arrival::bytes) {
  }
}

coro<request_reader::arrival> request_reader::receive(time_point now, time_point until) {
  received_ = {};
  rest_ = {};
  if (now >= until) co_return arrival::too_late;  // where bytes are there always, no alarm would be heard
  try {
    received_ = co_await with_timeout_at(until, stream_.receive());
  } catch (const timeout_error&) {
    co_return arrival::too_late;
  } catch (const std::system_error&) {
    co_return arrival::end;
  }
  rest_ = received_.text();
  co_return rest_.empty() ? arrival::end : arrival::bytes;
}

}  // namespace hocket::http::detail
