// Calls wait in line until the writer takes them: all that there is room for goes out in one send, and stands among those in flight from then on.
// The reader gives each answer to the first of these. A call that leaves takes its pointer out of its place; the place stays until it is answered.
//
// One task has all of it, and is there only while somebody waits or there is a connection. It connects, and runs reader and writer until the connection
// ends; then it connects again if anybody waits, after a pause that grows until there is an answer. A third looks after time: since all calls have the
// same limit, the first in each line is the first to run out of it.

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/redis/detail/client_core.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::redis::detail {
namespace {

constexpr std::size_t kept_output = 64 * 1024;  // of memory, while there is nothing to send
constexpr duration shortest_look = std::chrono::milliseconds(1);

call_base& call_of(ready_node& in_line) noexcept { return static_cast<call_base&>(in_line); }

time_point later(time_point from, duration length) noexcept {
  return length > time_point::max() - from ? time_point::max() : from + length;
}

bool is_protocol_error(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const protocol_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

std::exception_ptr was_closed() { return std::make_exception_ptr(client_closed("the client of Redis was closed")); }

}  // namespace

client_core::client_core(client_options options)
    : options_(std::move(options)), sessions_(std::make_shared<session_pool>(options_)) {
  is_idle_.set();
  has_ended_.set();
}

// ---- calls

void client_core::expect_call() {
  if (is_closing_ || is_over_) throw client_closed("the client of Redis is closed");
  if (!running_) {
    running_ = create_task(run(shared_from_this()), {.name = "redis connection"});
    has_ended_.clear();
  }
  is_idle_.clear();
  has_work_.set();
}

void client_core::withdraw(call_base& call) noexcept {
  in_flight_.at(call.number_).call = nullptr;
  call.is_in_flight_ = false;
}

void client_core::fail(call_base& call, const std::exception_ptr& why) noexcept {
  call.is_in_flight_ = false;
  call.failure_ = why;
  call.wake();
}

void client_core::fail_waiting(const std::exception_ptr& why) noexcept {
  while (!waiting_.empty()) fail(call_of(waiting_.pop_front()), why);
  tell_if_idle();
}

void client_core::tell_if_idle() noexcept {
  if (waiting_.empty() && in_flight_.empty()) is_idle_.set();
}

// ---- its task

coro<void> client_core::run(std::shared_ptr<client_core> mine) {
  const auto core = std::move(mine);
  const auto outcome = co_await as_result(core->serve_all());
  core->running_.reset();
  core->has_ended_.set();
  if (outcome) co_return;
  core->fail_waiting(is_cancelled(outcome.error()) ? was_closed() : outcome.error());
  std::rethrow_exception(outcome.error());
}

coro<void> client_core::serve_all() {
  while (wants_connection()) {
    co_await with_task_group([this](task_group& tasks) -> coro<void> {
      auto watching = tasks.create_task(watch(), {.name = "redis watch"});
      while (wants_connection()) co_await serve_once();
      watching.cancel();
    });
  }
}

coro<void> client_core::serve_once() {
  auto opened = co_await as_result(connect());
  if (!opened) {
    if (is_cancelled(opened.error())) throw cancelled{};
    fail_waiting(opened.error());
    co_return;
  }
  if (*opened == nullptr) co_return;
  connection_ = std::move(*opened);
  failure_ = nullptr;
  quiet_since_ = loop::running().time();
  const auto ended = co_await as_result(with_task_group([this](task_group& tasks) -> coro<void> {
    auto writing = tasks.create_task(write(), {.name = "redis writer"});
    const auto heard = co_await as_result(read());
    if (failure_ == nullptr) failure_ = heard.error();
    connection_->abort();
    writing.cancel();
    if (is_cancelled(heard.error())) throw cancelled{};
  }));
  connection_.reset();
  lose(reason_of_end());
  if (!ended) std::rethrow_exception(ended.error());
}

// Null: nobody wants it any more.
coro<std::shared_ptr<connection>> client_core::connect() {
  if (failures_ > 0) co_await sleep(options_.pause.after(failures_));
  for (unsigned attempt = 1; !waiting_.empty(); ++attempt) {
    auto opened = co_await as_result(connection::open(options_));
    if (opened) co_return std::move(*opened);
    if (!mends(opened.error()) || attempt >= options_.connect_attempts) std::rethrow_exception(opened.error());
    co_await sleep(options_.pause.after(attempt));
  }
  co_return nullptr;
}

coro<void> client_core::read() {
  for (;;) {
    while (auto found = connection_->next()) take(std::move(*found));
    tell_if_idle();
    co_await connection_->receive_more();
    quiet_since_ = loop::running().turn_time();
  }
}

void client_core::take(reply&& found) {
  if (found.kind() == reply_kind::push) {
    if (on_push_) on_push_(found);
    return;
  }
  if (in_flight_.empty()) throw protocol_error("the server has answered what it was not asked");
  failures_ = 0;
  in_flight::place& first = in_flight_.front();
  if (first.call != nullptr) first.call->take(std::move(found));
  if (--first.replies_left > 0) return;
  call_base* const answered = first.call;
  in_flight_.pop_front();
  if (answered != nullptr) {
    answered->is_in_flight_ = false;
    answered->wake();
  }
  if (!waiting_.empty()) has_work_.set();
}

coro<void> client_core::write() {
  const auto written = co_await as_result(write_all());
  if (is_cancelled(written.error())) throw cancelled{};
  failure_ = written.error();
  connection_->abort();
}

coro<void> client_core::write_all() {
  for (;;) {
    sending_.clear();
    collect();
    if (!sending_.empty()) {
      co_await connection_->send(sending_);
      continue;
    }
    if (sending_.capacity() > kept_output) sending_ = {};
    has_work_.clear();
    co_await has_work_.wait();
  }
}

void client_core::collect() {
  if (in_flight_.empty()) quiet_since_ = loop::running().turn_time();
  if (std::exchange(ping_due_, false)) {
    request("PING").append_to(sending_);
    in_flight_.push_back({.call = nullptr, .replies_left = 1, .bytes = sending_.size(), .asked = quiet_since_});
  }
  while (!waiting_.empty()) {
    call_base& next = call_of(waiting_.front());
    if (!has_room_for(next)) return;
    next.append_to(sending_);
    next.number_ = in_flight_.push_back(
        {.call = &next, .replies_left = next.expected_replies(), .bytes = next.size(), .asked = next.asked_});
    waiting_.pop_front();
    next.is_in_flight_ = true;
    ++next.sent_;
  }
}

bool client_core::has_room_for(const call_base& next) noexcept {
  if (in_flight_.empty()) return true;
  return in_flight_.size() < options_.max_in_flight && in_flight_.bytes() + next.size() <= options_.max_in_flight_bytes;
}

// ---- time

coro<void> client_core::watch() {
  for (;;) {
    const time_point now = loop::running().time();
    expire(now);
    const time_point next = next_look(now);
    co_await sleep(next - now);
  }
}

void client_core::expire(time_point now) {
  const duration limit = options_.command_timeout;
  const auto out_of_time = [&] {
    return std::make_exception_ptr(timeout_error(
        fmt::format("Redis has not answered in {}", std::chrono::duration_cast<std::chrono::milliseconds>(limit))));
  };
  while (!waiting_.empty() && later(call_of(waiting_.front()).asked_, limit) <= now)
    fail(call_of(waiting_.pop_front()), out_of_time());
  in_flight_.for_each([&](in_flight::place& each) {
    if (later(each.asked, limit) > now) return false;
    if (each.call != nullptr) fail(*std::exchange(each.call, nullptr), out_of_time());
    return true;
  });
  tell_if_idle();
  if (connection_ == nullptr) return;
  if (in_flight_.empty()) {
    ping_due_ = later(quiet_since_, options_.health_check_interval) <= now;
    if (ping_due_) has_work_.set();
  } else if (later(quiet_since_, limit) <= now && failure_ == nullptr) {
    failure_ = std::make_exception_ptr(connection_lost("the server says nothing any more"));
    connection_->abort();
  }
}

// A call that comes after this look runs out of time after the next.
time_point client_core::next_look(time_point now) noexcept {
  const duration limit = options_.command_timeout;
  time_point next = later(now, std::min(limit, options_.health_check_interval));
  if (!waiting_.empty()) next = std::min(next, later(call_of(waiting_.front()).asked_, limit));
  in_flight_.for_each([&](const in_flight::place& each) {
    if (each.call == nullptr) return true;
    next = std::min(next, later(each.asked, limit));
    return false;
  });
  if (connection_ != nullptr)
    next = std::min(next, later(quiet_since_, in_flight_.empty() ? options_.health_check_interval : limit));
  return std::max(next, now + shortest_look);
}

// ---- ends

std::exception_ptr client_core::reason_of_end() const {
  if (is_protocol_error(failure_)) return failure_;
  return std::make_exception_ptr(
      connection_lost(fmt::format("the connection to Redis was lost: {}", what_of(failure_))));
}

// Precondition: its writer has ended.
void client_core::lose(const std::exception_ptr& why) {
  ++failures_;
  const bool may_send_again = !is_protocol_error(why);
  ready_queue again;
  in_flight_.for_each([&](const in_flight::place& each) {
    if (each.call == nullptr) return true;
    call_base& call = *each.call;
    const bool is_unanswered = each.replies_left == call.expected_replies();
    if (may_send_again && is_unanswered && call.is_idempotent() && call.sent_ <= options_.most_resends) {
      call.is_in_flight_ = false;
      again.push_back(call);
    } else {
      fail(call, why);
    }
    return true;
  });
  in_flight_.clear();
  again.splice_back(waiting_);
  waiting_.splice_back(again);
  tell_if_idle();
  if (on_lost_) on_lost_();
}

coro<void> client_core::wait_until_idle() { co_await is_idle_.wait(); }

coro<void> client_core::close(std::shared_ptr<client_core>) {
  is_closing_ = true;
  const auto waited = co_await as_result(with_timeout(delay(options_.close_timeout), wait_until_idle()));
  if (const auto open = connection_) static_cast<void>(co_await as_result(open->close()));
  abort();
  const auto ended = co_await as_result(has_ended_.wait());
  if ((!waited && is_cancelled(waited.error())) || !ended) throw cancelled{};
}

void client_core::abort() noexcept {
  if (std::exchange(is_over_, true)) return;
  const auto why = was_closed();
  fail_waiting(why);
  in_flight_.for_each([&](in_flight::place& each) {
    if (each.call != nullptr) fail(*std::exchange(each.call, nullptr), why);
    return true;
  });
  in_flight_.clear();
  tell_if_idle();
  sessions_->abort();
  if (connection_ != nullptr) connection_->abort();
  if (running_) running_->cancel();
}

void client_core::let_go() noexcept {
  on_push_ = {};
  on_lost_ = {};
  abort();
}

}  // namespace hocket::redis::detail
