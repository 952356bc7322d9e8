// Writing never waits: bytes go into a buffer, and a task that exists only while there is something to send takes the whole
// buffer, sends it, and looks again. It begins in the turn after the first write, so that what is written in one turn goes out
// in one piece; `drain` begins it at once, and a send that the system takes at once then costs no turn.
//
// A large piece that nothing is ahead of is offered to the system at once, as asyncio does with all: what it takes need not be
// copied.
//
// Two buffers change places: one is filled while the other is in flight. The task also tells the end, and closes; so an
// orderly end comes after all bytes, whoever asked for it. Whatever goes wrong ends in `lose`, once.

#include <system_error>

#include <hocket/base/error.hpp>
#include <hocket/core/task.hpp>
#include <hocket/io/detail/connection.hpp>
#include <hocket/io/detail/socket_calls.hpp>

namespace hocket::detail {

// Of a large buffer so much is sent before who writes is told that there is room again.
static constexpr std::size_t most_at_once = 64 * 1024;

// So large is a piece whose copy costs more than a call to the system of its own.
static constexpr std::size_t large_piece = 8 * 1024;

connection::~connection() {
  if (next_turn_.is_linked()) next_turn_.unlink();
}

bool connection::takes_bytes() const {
  if (eof_written_) throw invalid_state_error("bytes were written after write_eof");
  return !closing_;
}

std::size_t connection::send_at_once(std::string_view bytes) {
  const bool is_first = outgoing_.empty() && !sending_ && !upgrading_;
  if (!is_first || bytes.size() < large_piece || loop::running_or_null() != &owner_) return 0;
  const auto sent = detail::send_at_once(stream_.socket(), bytes);
  if (!sent) refusal_ = std::make_exception_ptr(std::system_error(sent.error(), "send"));
  return sent.value_or(0);
}

void connection::write(std::string_view bytes) {
  if (!takes_bytes()) return;
  bytes.remove_prefix(send_at_once(bytes));
  if (bytes.empty()) return;
  outgoing_.append(bytes);
  bytes_came();
}

void connection::write_owned(std::string bytes) {
  if (!takes_bytes()) return;
  const std::size_t sent = send_at_once(bytes);
  if (sent == bytes.size()) return;
  if (sent > 0)
    outgoing_.append(std::string_view(bytes).substr(sent));
  else
    outgoing_.append_owned(std::move(bytes));
  bytes_came();
}

void connection::bytes_came() noexcept {
  if (!sending_ && !upgrading_ && !next_turn_.is_linked()) owner_.schedule(next_turn_);
  pause_if_too_many();
}

void connection::pause_if_too_many() noexcept {
  if (marks_.begins_pause(write_buffer_size())) writing_paused();
}

void connection::bytes_went() noexcept {
  if (!marks_.ends_pause(write_buffer_size())) return;
  wake_all(drainers_);
  writing_resumed();
}

void connection::write_eof() noexcept {
  if (closing_ || eof_written_) return;
  eof_written_ = true;
  start_sending(false);
}

void connection::flush() noexcept {
  if (next_turn_.is_linked()) start_sending(true);
}

void connection::close() noexcept {
  if (closing_) return;
  closing_ = true;
  start_sending(false);
}

void connection::lose(std::exception_ptr error) noexcept {
  if (lost_) return;
  lost_ = closing_ = true;
  error_ = std::move(error);
  if (next_turn_.is_linked()) next_turn_.unlink();
  outgoing_.clear();
  stream_.abort();
  if (handshake_ != nullptr) handshake_->cancel();
  wake_all(drainers_);
  wake_all(closers_);
  wake_all(idlers_);
  was_lost();
}

// What the task holds: if that was cancelled before it began, nothing of it runs but this destructor.
class connection::sender {
 public:
  explicit sender(connection& of) noexcept : of_((of.retain(), &of)) { of.sending_ = true; }
  sender(sender&& other) noexcept : of_(std::move(other.of_)) {}
  sender& operator=(sender&&) = delete;
  ~sender() {
    if (of_) of_->stopped_sending(cancelled_send());
  }

  connection* operator->() const noexcept { return of_.get(); }

  /// It comes to its end, with what went wrong.
  void end(std::exception_ptr error) noexcept {
    const record_ref<connection> ended = std::move(of_);
    ended->stopped_sending(std::move(error));
  }

  static std::exception_ptr cancelled_send() noexcept {
    return std::make_exception_ptr(
        std::system_error(std::make_error_code(std::errc::operation_canceled), "what was written was not sent"));
  }

 private:
  record_ref<connection> of_;
};

void connection::stopped_sending(std::exception_ptr error) noexcept {
  sending_ = false;
  wake_all(idlers_);
  if (error) lose(std::move(error));
}

// `now`: its first step is taken in here. The host of a guest calls when the loop is at rest: then in its next turn.
void connection::start_sending(bool now) noexcept {
  if (next_turn_.is_linked()) next_turn_.unlink();
  if (sending_ || !has_work()) return;
  if (loop::running_or_null() != &owner_) return owner_.schedule(next_turn_);
  try {
    create_task(send(sender(*this)), {.eager_start = now});
  } catch (...) {  // no memory
    lose(std::current_exception());
  }
}

coro<void> connection::send(sender self) {
  std::exception_ptr error;
  try {
    if (self->refusal_) std::rethrow_exception(self->refusal_);
    while (self->has_work()) {
      if (self->outgoing_.empty()) {
        co_await self->end_sending();
        continue;
      }
      std::swap(self->outgoing_, self->in_flight_);
      if (!self->in_flight_.is_one_piece())
        co_await self->send_pieces();
      else if (self->in_flight_.size() > most_at_once)
        co_await self->send_text(self->in_flight_.text());
      else
        co_await self->stream_.send_all(self->in_flight_.text());
      self->in_flight_.clear();
      self->bytes_went();
    }
  } catch (const cancelled&) {  // at the end of a run, or by whoever cancels all tasks
    self.end(sender::cancelled_send());
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  self.end(std::move(error));
}

coro<void> connection::send_text(std::string_view text) {
  while (!text.empty()) {
    const std::string_view next = text.substr(0, most_at_once);
    co_await stream_.send_all(next);
    text.remove_prefix(next.size());
    in_flight_.count_sent(next.size());
    bytes_went();
  }
}

// As many pieces at once as there may be; a larger one by itself.
coro<void> connection::send_pieces() {
  for (std::span<const std::string_view> left = in_flight_.pieces(); !left.empty();) {
    std::size_t count = 0, bytes = 0;
    while (count < left.size() && bytes + left[count].size() <= most_at_once) bytes += left[count++].size();
    if (count == 0) {
      co_await send_text(left.front());
      left = left.subspan(1);
      continue;
    }
    co_await stream_.send_all(left.first(count));
    left = left.subspan(count);
    in_flight_.count_sent(bytes);
    bytes_went();
  }
}

coro<void> connection::end_sending() {
  if (eof_written_ && !eof_sent_ && !closing_) {
    eof_sent_ = true;
    co_await stream_.shutdown_send();
    co_return;
  }
  co_await stream_.close();
  lose(nullptr);
}

void connection::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  marks_.set(high, low);
  pause_if_too_many();
}

coro<void> connection::wait_closed(record_ref<connection> self) {
  while (!self->lost_) co_await connection_wait(self->closers_);
  self->raise_error();
}

static std::exception_ptr aborted() noexcept {
  return std::make_exception_ptr(std::system_error(std::make_error_code(std::errc::operation_canceled), "start_tls"));
}

coro<void> connection::start_tls(record_ref<connection> self, security with, start_tls_options options) {
  while (!self->lost_ && (self->sending_ || !self->outgoing_.empty())) {
    self->flush();
    if (self->sending_) co_await connection_wait(self->idlers_);
  }
  self->raise_error();
  if (self->closing_ || self->eof_written_ || self->upgrading_)
    throw invalid_state_error("start_tls needs a connection that is open both ways");
  self->upgrading_ = true;
  task_base& waiting = task_base::require_current();
  const std::uint32_t requests = waiting.cancelling();
  std::exception_ptr error;
  try {
    options.buffered = self->take_received();
    auto handshake = create_task(with->start_tls(std::move(self->stream_), std::move(options)), {.name = "start_tls"});
    self->handshake_ = handshake.record().get();  // so that whoever aborts meanwhile ends it
    byte_stream upgraded = co_await std::move(handshake);
    if (!self->lost_) self->stream_ = std::move(upgraded);
  } catch (...) {
    error = std::current_exception();
  }
  self->handshake_ = nullptr;
  self->upgrading_ = false;
  const bool is_asked_to_end = waiting.cancelling() != requests || waiting.must_throw();
  if (error && (is_asked_to_end || !self->lost_)) {
    self->lose(is_cancelled(error) ? aborted() : error);
    std::rethrow_exception(error);
  }
  self->raise_error();
  if (self->lost_) std::rethrow_exception(aborted());
  self->start_sending(false);
}

}  // namespace hocket::detail
