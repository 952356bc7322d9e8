// One task a connection reads and calls the protocol. That it also calls `connection_lost`, as the last thing that it does, is
// why this comes exactly once, after everything else, and never inside of anybody's call.

#include <system_error>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/detail/as_outcome.hpp>
#include <hocket/io/detail/transport_connection.hpp>
#include <hocket/io/transport.hpp>

namespace hocket::detail {

// True if the protocol took it well. Otherwise the loop is told.
template <class Call>
bool transport_connection::told(const char* what, Call call) noexcept {
  const std::shared_ptr<protocol> whom = protocol_;  // which may set another one meanwhile
  if (whom == nullptr) return true;
  try {
    call(*whom);
    return true;
  } catch (...) {
    loop::running().call_exception_handler({.message = what, .exception = std::current_exception()});
    return false;
  }
}

coro<void> transport_connection::run(record_ref<transport_connection> self) {
  transport shown(self);
  self->told("protocol.connection_made() failed", [&](protocol& whom) { whom.connection_made(shown); });
  auto outcome = co_await as_result(read_all(self));
  if (outcome) outcome = co_await as_result(wait_closed(self));
  const bool was_cancelled = !outcome && is_cancelled(outcome.error());
  if (was_cancelled)
    self->lose(std::make_exception_ptr(
        std::system_error(std::make_error_code(std::errc::operation_canceled), "the connection's task was cancelled")));
  else if (!outcome)
    self->lose(outcome.error());
  self->told("protocol.connection_lost() failed", [&](protocol& whom) { whom.connection_lost(self->error()); });
  self->protocol_ = nullptr;
  if (was_cancelled) std::rethrow_exception(outcome.error());
}

// To the end of what is to be read: the peer's, or this side's.
coro<void> transport_connection::read_all(record_ref<transport_connection> self) {
  co_await sleep(duration::zero());
  for (;;) {
    co_await self->wait_until_reading();
    if (self->is_closing()) co_return;
    auto received = co_await as_outcome(self->stream().receive());
    co_await self->wait_until_reading();  // it may have been paused meanwhile
    if (self->is_closing()) co_return;
    if (!received) {
      self->lose(std::move(received).error());
      co_return;
    }
    if (!self->hand_over(std::move(*received))) co_return;
  }
}

// False if nothing more is to be read.
bool transport_connection::hand_over(buffer received) {
  if (!received.empty()) {
    std::exception_ptr error;
    try {
      const std::shared_ptr<protocol> whom = protocol_;
      whom->data_received(received.text());
      return true;
    } catch (...) {
      error = std::current_exception();
    }
    loop::running().call_exception_handler({.message = "protocol.data_received() failed", .exception = error});
    lose(std::move(error));
    return false;
  }
  bool stays_open = false;
  const bool taken = told("protocol.eof_received() failed", [&](protocol& whom) { stays_open = whom.eof_received(); });
  if (!taken)
    lose(std::make_exception_ptr(invalid_state_error("protocol.eof_received() failed")));
  else if (!stays_open)
    close();
  return false;
}

coro<void> transport_connection::wait_until_reading() {
  while (reading_paused_ && !is_closing()) co_await connection_wait(readers_);
}

void transport_connection::resume_reading() noexcept {
  reading_paused_ = false;
  wake_all(readers_);
}

void transport_connection::writing_paused() noexcept {
  told("protocol.pause_writing() failed", [](protocol& whom) { whom.pause_writing(); });
}

void transport_connection::writing_resumed() noexcept {
  told("protocol.resume_writing() failed", [](protocol& whom) { whom.resume_writing(); });
}

transport_ref make_transport_connection(byte_stream stream, std::shared_ptr<protocol> reader) {
  auto* made = new transport_connection(std::move(stream), std::move(reader));
  made->retain();
  return transport_ref(made);
}

}  // namespace hocket::detail
