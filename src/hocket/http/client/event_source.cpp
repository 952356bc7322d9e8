// What mends by itself: a connection that ends, is lost, refused, or silent, and a server that is busy. What does not is the caller's: the standard
// has a page give up there.

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/cancelled.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/event_source.hpp>
#include <hocket/http/detail/event_parser.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http {

namespace {

constexpr int no_content = 204;
// A server that ends each stream at once and wants no pause is not asked as fast as it can answer.
constexpr duration least_pause = std::chrono::milliseconds(100);
constexpr std::chrono::seconds longest_retry_after = std::chrono::hours(24);

// What a proxy says while its server starts anew, and a server that has too much to do.
bool is_passing(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

bool mends(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const status_error& answer) {
    return is_passing(answer.status());
  } catch (const protocol_error&) {
    return true;
  } catch (const timeout_error&) {
    return true;
  } catch (const std::system_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

event_source::event_source(session& by, url target, event_source_options options)
    : event_source(by, target.href(), std::move(options)) {}

event_source::event_source(session& by, std::string target, event_source_options options)
    : session_(by),
      target_(std::move(target)),
      options_(std::move(options)),
      parser_(std::make_unique<detail::event_parser>(options_.max_event_bytes)) {
  parser_->begin(options_.last_event_id);
}

event_source::~event_source() = default;

const std::string& event_source::last_event_id() const noexcept { return parser_->last_event_id(); }

async_generator<received_event> event_source::events() {
  while (auto event = co_await next()) co_yield std::move(*event);
}

coro<std::optional<received_event>> event_source::next() {
  while (!is_over_) {
    const auto now = loop::running().time();
    if (not_before_ && *not_before_ > now) co_await sleep(*not_before_ - now);
    not_before_.reset();
    std::exception_ptr failure;
    try {
      if (!answer_ && !co_await connect()) break;
      if (auto event = co_await read()) co_return event;
    } catch (const cancelled&) {
      throw;
    } catch (...) {
      failure = std::current_exception();
    }
    answer_.reset();
    ++failures_;
    not_before_ = loop::running().time_after(next_pause());
    if (failure == nullptr || (mends(failure) && failures_ < options_.max_failures_in_a_row)) continue;
    failures_ = 0;
    std::rethrow_exception(failure);
  }
  is_over_ = true;
  co_return std::nullopt;
}

// `backoff` draws from half of what it has doubled: with the other half of the server's pause that is no less than what the server wants.
duration event_source::next_pause() {
  if (const auto retry = parser_->take_retry()) retry_ = *retry;
  const duration wanted = std::exchange(asked_for_, duration(0));
  const duration own =
      retry_ ? *retry_ - *retry_ / 2 + backoff{*retry_, std::max(options_.pause.longest, *retry_)}.after(failures_)
             : options_.pause.after(failures_);
  return std::max({own, wanted, least_pause});
}

coro<bool> event_source::connect() {
  request_options how{.fields = options_.fields, .auth = options_.auth, .timeout = duration::max()};
  how.fields.set("Accept", "text/event-stream");
  how.fields.set("Cache-Control", "no-store");
  parser_->begin(parser_->last_event_id());
  if (!parser_->last_event_id().empty()) how.fields.set("Last-Event-ID", parser_->last_event_id());
  response answer = co_await session_.get(std::string_view(target_), std::move(how));
  if (answer.status() == no_content) co_return false;
  if (answer.status() != 200) {
    asked_for_ = std::min(answer.retry_after().value_or(std::chrono::seconds(0)), longest_retry_after);
    throw status_error(answer.status());
  }
  if (parse_media_type(answer.headers().get("Content-Type").value_or("")).essence != "text/event-stream")
    throw not_an_event_stream("the server's answer is no text/event-stream");
  answer_ = std::move(answer);
  failures_ = 0;
  co_return true;
}

// Nothing: the stream has ended.
coro<std::optional<received_event>> event_source::read() {
  for (;;) {
    if (auto event = parser_->next()) co_return event;
    const std::string_view piece = co_await answer_->next();
    if (piece.empty()) co_return std::nullopt;
    parser_->add(piece);
  }
}

}  // namespace hocket::http
