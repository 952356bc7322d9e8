#include <system_error>

#include <hocket/base/error.hpp>
#include <hocket/io/stream_writer.hpp>

namespace hocket {

namespace detail {

// As with I/O that need not wait: after so many in a row the task queues.
static constexpr unsigned most_inline_completions = 64;

bool drain_operation::await_ready() {
  of_->flush();
  if (of_->error()) return true;
  if (of_->is_paused() || of_->is_closing()) return false;
  return ++here.inline_completions < most_inline_completions;
}

// On a connection that is closing it gives way once: so a loop that only writes and drains hears that it is lost.
void drain_operation::await_suspend(std::coroutine_handle<> waiter) {
  in_line_ = of_->is_paused() && !of_->is_lost();
  if (in_line_) {
    line_up(waiter, of_->drainers());
    return;
  }
  prepare(waiter);
  wake_in(loop::running());
  begin_waiting();
}

bool drain_operation::stop() noexcept {
  if (is_linked()) unlink();
  wake_stopped();
  return true;
}

void drain_operation::await_resume() {
  resumed();
  of_->raise_error();
  if (of_->is_lost() && !in_line_) throw std::system_error(std::make_error_code(std::errc::connection_reset), "drain");
}

}  // namespace detail

coro<void> stream_writer::wait_closed() { return detail::connection::wait_closed(connection_); }

static coro<void> secure(detail::stream_ref connection, security with, writer_tls_options options) {
  const detail::stream_connection::reading nobody_reads(*connection);
  start_tls_options handshake{.server_side = connection->is_served(),
                              .server_hostname = std::move(options.server_hostname),
                              .handshake_timeout = options.handshake_timeout,
                              .shutdown_timeout = options.shutdown_timeout};
  co_await detail::connection::start_tls(connection, std::move(with), std::move(handshake));
}

coro<void> stream_writer::start_tls(security with, writer_tls_options options) {
  return secure(connection_, std::move(with), std::move(options));
}

}  // namespace hocket
