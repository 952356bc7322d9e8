#include <algorithm>

#include <hocket/core/activity.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/exchange.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/client/detail/shown_target.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {
namespace {

// Of a body that nobody wants, to keep its connection.
constexpr std::uint64_t most_drained_bytes = 64 * 1024;
constexpr auto longest_drain = std::chrono::seconds(1);
// A server that refuses (HTTP/2) without end is left alone, and meanwhile asked more and more seldom.
constexpr unsigned most_refusals = 10;
constexpr duration first_pause = std::chrono::milliseconds(100);

// After so many refusals. The first may have been bad luck; and those who are refused together should not come back together.
duration pause_after(unsigned refusals) {
  if (refusals < 2) return {};
  const duration longest = first_pause * (1U << (refusals - 2));
  return longest - duration(loop::running().random()() % static_cast<std::uint64_t>(longest.count() / 2));
}

exchange_end end_by(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const timeout_error&) {
    return exchange_end::timed_out;
  } catch (const content_decoding_error&) {
    return exchange_end::left;
  } catch (...) {
    return exchange_end::disconnected;
  }
}

}  // namespace

exchange::~exchange() { tell_recorder(exchange_end::left); }

// What the request gets from its way and from the jar, where it says nothing itself.
headers exchange::added_fields(const headers& own, const session_call& call) const {
  headers added;
  if (!call.authorization.empty()) added.add("Authorization", call.authorization);
  if (!call.proxy_authorization.empty()) added.add("Proxy-Authorization", call.proxy_authorization);
  if (options_.cookies != nullptr && !own.contains("Cookie")) {
    const std::string cookies = options_.cookies->header_for(target, options_.wall_clock());
    if (!cookies.empty()) added.add("Cookie", cookies);
  }
  if (options_.decode && own.contains("Range") && !own.contains("Accept-Encoding"))
    added.add("Accept-Encoding", "identity");
  return added;
}

coro<void> exchange::begin(request_message& asked, const session_call& call) {
  method_ = asked.method;
  deadline_ = call.deadline;
  trace_ = {options_.tracing.get(), call.id, method_, &target};
  recorder_ = asked.recorder;
  activity asking(shown_target(target));
  asking.enter("waiting for a connection");
  route where = call.route_to(target, asked.fields);
  if (where.is_for_websocket && co_await ask_on_shared(asked, call, where)) co_return;
  time_point limit = connect_deadline();
  bool reused = co_await lease_one(where, limit);
  bool was_stale = false;
  unsigned refusals = 0;
  for (bool is_again = false;; is_again = true) {
    if (!lease_.has_connection()) {
      asking.enter("connecting");
      reused = !co_await open(where, is_again ? connect_deadline() : limit);
    }
    duration pause{};
    bool goes_elsewhere = false;
    asking.enter("waiting for the answer");
    try {
      co_return co_await attempt(asked, call, where);
    } catch (const stale_connection&) {
      if (!reused || was_stale || !is_idempotent(method_) || !asked.body.can_repeat()) throw;
      was_stale = true;
    } catch (const http1_required&) {
      if (where.needs_http1 || (!asked.body.can_repeat() && lease_->has_begun_body())) throw;
      where.needs_http1 = goes_elsewhere = true;
    } catch (const request_not_processed& refusal) {
      if (!asked.body.can_repeat() && lease_->has_begun_body()) throw;
      if (!refusal.comes_after_others()) {
        if (++refusals > most_refusals) throw;
        pause = pause_after(refusals);
      }
      if (loop::running().time_after(pause) >= deadline_) throw;
    }
    if (goes_elsewhere) {
      lease_.give_up();
      limit = connect_deadline();
      reused = co_await lease_one(where, limit);
      continue;
    }
    lease_.close_connection();
    if (pause > duration::zero()) co_await sleep(pause);
  }
}

// Where a connection of HTTP/2 is there on which the server takes websockets. False: this one needs a connection of its own.
coro<bool> exchange::ask_on_shared(request_message& asked, const session_call& call, route where) {
  if (method_ != "GET" || !asked.body.is_empty()) co_return false;
  lease_ = pool_.take_for_websocket(where);
  if (!lease_) co_return false;
  trace_.tell(&tracing::connection_reused);
  try {
    co_await attempt(asked, call, where);
    co_return true;
  } catch (const stale_connection&) {
  } catch (const request_not_processed&) {
  } catch (const http1_required&) {
  }
  lease_.give_up();
  co_return false;
}

time_point exchange::connect_deadline() const {
  const auto& connect = options_.timeouts.connect;
  return connect ? std::min(deadline_, loop::running().time_after(*connect)) : deadline_;
}

void exchange::give_up(route where, time_point limit) const {
  throw timeout_error(limit < deadline_ ? where.no_connection_in_time() : "no complete answer in time");
}

coro<bool> exchange::lease_one(route where, time_point limit) {
  try {
    lease_ = co_await pool_.acquire(where, limit, trace_);
  } catch (const timeout_error&) {
    give_up(where, limit);
  }
  co_return lease_.has_connection();
}

coro<bool> exchange::open(route where, time_point limit) {
  timeout bound(limit);
  try {
    co_return co_await bound.run(pool_.open(lease_, where, trace_));
  } catch (const timeout_error&) {
    if (bound.expired()) give_up(where, limit);
    throw;
  }
}

coro<void> exchange::attempt(request_message& asked, const session_call& call, route where) {
  const headers added = added_fields(asked.fields, call);
  const outgoing_request request{.method = method_,
                                 .target = target,
                                 .form = where.is_forwarded() ? target_form::absolute : target_form::origin,
                                 .fields = asked.fields,
                                 .added = &added,
                                 .defaults = &options_.default_headers,
                                 .leaves_credentials = call.left_origin,
                                 .protocol = where.is_for_websocket && lease_.is_shared() ? "websocket" : "",
                                 .content = &asked.body,
                                 .expect_continue = asked.expect_continue,
                                 .stops_at_answer = asked.stop_at_answer,
                                 .senders = call.senders,
                                 .trace = trace_,
                                 .on_interim = asked.on_interim ? &asked.on_interim : nullptr,
                                 .recorder = recorder_.get()};
  co_await lease_->exchange(request, {deadline_, options_.timeouts.sock_read}, head);
  trace_.tell(&tracing::response_headers_received, head.status);
  if (options_.cookies != nullptr) options_.cookies->take_all(head.fields, target, options_.wall_clock());
  if (options_.decode && !asked.fields.contains("Range"))
    decoder_ = body_decoder::make(head.fields, options_.decode_limits);
}

coro<std::string_view> exchange::next() { return decoder_ != nullptr ? next_decoded() : next_as_it_came(); }

coro<std::string_view> exchange::next_decoded() {
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  try {
    for (;;) {
      const std::string_view piece = decoder_->take();
      if (!piece.empty()) co_return piece;
      const std::string_view more = co_await next_as_it_came();
      if (more.empty()) {
        decoder_->finish();
        co_return more;
      }
      decoder_->give(more);
    }
  } catch (const content_decoding_error&) {
    fail();
    throw;
  }
}

coro<std::string_view> exchange::next_as_it_came() {
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (!lease_) co_return std::string_view{};
  try {
    if (recorder_ != nullptr && recorder_->is_full()) co_await recorder_->make_room();
    activity receiving(shown_target(target));
    receiving.enter("receiving the body");
    const std::string_view piece = co_await lease_->next();
    received += piece.size();
    if (!piece.empty()) {
      trace_.tell(&tracing::response_chunk_received, piece.size());
      co_return piece;
    }
    trailers = lease_->take_trailers();
    finish();
    co_return piece;
  } catch (const cancelled&) {  // nothing is lost: the next call goes on
    trace_.tell(&tracing::request_exception, std::current_exception());
    throw;
  } catch (...) {
    fail();
    throw;
  }
}

upgraded_stream exchange::take_over() {
  if (!lease_ || head.status != switching_protocols)
    throw invalid_state_error("the server has not changed the protocol");
  upgraded_stream taken = lease_.take_over();
  tell_recorder(exchange_end::whole);
  lease_.give_up();
  trace_.tell(&tracing::request_end, head.status);
  return taken;
}

std::uint64_t exchange::announced_bytes() const noexcept {
  constexpr int not_modified = 304;
  return method_ == "HEAD" || head.status == not_modified ? 0 : head.content_length.value_or(0);
}

coro<void> exchange::drain() {
  if (!lease_ || announced_bytes() > most_drained_bytes) co_return;
  lease_->hurry(loop::running().time_after(longest_drain));
  try {
    while (received < most_drained_bytes && !(co_await next_as_it_came()).empty()) {
    }
  } catch (const std::exception&) {  // not worth more than the connection
  }
}

// In the handler of what has failed.
void exchange::fail() {
  failure_ = std::current_exception();
  trace_.tell(&tracing::request_exception, failure_);
  tell_recorder(end_by(failure_));
  lease_.give_up();
}

void exchange::tell_recorder(exchange_end how) noexcept {
  if (recorder_ != nullptr) std::exchange(recorder_, nullptr)->ended(how);
}

void exchange::finish() noexcept {
  tell_recorder(exchange_end::whole);
  if (lease_->can_be_used_again())
    lease_.keep();
  else
    lease_.give_up();
  trace_.tell(&tracing::request_end, head.status);
}

}  // namespace hocket::http::detail
