// One task a connection reads and calls the protocol: `serve_protocol`.

#include <cerrno>
#include <system_error>

#include <poll.h>
#include <sys/stat.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/detail/as_outcome.hpp>
#include <hocket/io/detail/protocol_task.hpp>
#include <hocket/io/detail/transport_connection.hpp>
#include <hocket/io/poll_operation.hpp>
#include <hocket/io/transport.hpp>

namespace hocket::detail {

coro<void> transport_connection::run(record_ref<transport_connection> self) {
  return serve_protocol<transport>(std::move(self));
}

// To the end of what is to be read: the peer's, or this side's.
coro<void> transport_connection::read_all(record_ref<transport_connection> self) {
  co_await sleep(duration::zero());
  if (self->way_ == direction::only_writes) co_return co_await self->wait_for_hang_up();
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

// The readers of a pipe are gone: an error if there is something that was not sent. Of anything else only a write tells.
coro<void> transport_connection::wait_for_hang_up() {
  if (is_closing()) co_return;
  struct stat state{};
  const int number = stream().socket().number();
  if (number < 0 || loop::running().io().fstat(number, state) != 0 || !S_ISFIFO(state.st_mode)) co_return;
  const auto events = co_await as_expected(poll_operation(stream().socket().record(), 0));
  if (is_closing() || !events || (*events & (POLLERR | POLLHUP)) == 0) co_return;
  lose(write_buffer_size() == 0 ? nullptr
                                : std::make_exception_ptr(std::system_error(EPIPE, std::system_category(), "send")));
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
  const bool taken =
      tell(protocol_, "protocol.eof_received() failed", [&](protocol& whom) { stays_open = whom.eof_received(); });
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
  tell(protocol_, "protocol.pause_writing() failed", [](protocol& whom) { whom.pause_writing(); });
}

void transport_connection::writing_resumed() noexcept {
  tell(protocol_, "protocol.resume_writing() failed", [](protocol& whom) { whom.resume_writing(); });
}

transport_ref make_transport_connection(byte_stream stream, std::shared_ptr<protocol> reader,
                                        transport_connection::direction way) {
  auto* made = new transport_connection(std::move(stream), std::move(reader), way);
  made->retain();
  return transport_ref(made);
}

}  // namespace hocket::detail
