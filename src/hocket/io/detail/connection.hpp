#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/detail/water_marks.hpp>
#include <hocket/io/detail/write_buffer.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket::detail {

/// A stream that is written to without waiting: what stream writers and transports have in common.
///
/// Counted by its handles and by the tasks that work for it. It is *closing* once it takes nothing more, and *lost* once the
/// stream is gone, for which there may be an error. Neither is undone.
class connection : public arena_allocated, public list_link<connection> {
 public:
  explicit connection(byte_stream stream) : stream_(std::move(stream)), owner_(loop::running()) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

  [[nodiscard]] byte_stream& stream() noexcept { return stream_; }
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }
  [[nodiscard]] bool is_lost() const noexcept { return lost_; }
  /// More is waiting than the high-water mark, or was and has not come down to the low one.
  [[nodiscard]] bool is_paused() const noexcept { return marks_.is_paused(); }
  /// What the connection was lost by; null if it was closed or aborted.
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
  void raise_error() const {
    if (error_) std::rethrow_exception(error_);
  }

  /// Takes bytes: they go out in the next turn, together with what else this one writes, or by `flush`. Once it is closing they
  /// are dropped. Throw `invalid_state_error` after `write_eof`.
  void write(std::string_view bytes);
  void write_owned(std::string bytes);
  void write_eof() noexcept;
  /// Begins to send what was written.
  void flush() noexcept;
  /// Sends what was written, then closes.
  void close() noexcept;
  /// Drops what was not sent; the stream is of no further use.
  void lose(std::exception_ptr error) noexcept;

  /// As those of `water_marks`.
  void set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low);
  [[nodiscard]] write_buffer_limits limits() const noexcept { return marks_.limits(); }
  [[nodiscard]] std::size_t write_buffer_size() const noexcept {
    return lost_ ? 0 : outgoing_.size() + in_flight_.size();
  }

  /// Sends what was written, then shakes hands over the stream and goes on with what comes of it. Nobody may receive
  /// meanwhile; what is written meanwhile is sent afterwards.
  static coro<void> start_tls(record_ref<connection> self, security with, start_tls_options options);

  /// Waits until it is lost; throws by what.
  static coro<void> wait_closed(record_ref<connection> self);

  /// Those who wait until they may write on, or until it is lost.
  [[nodiscard]] ready_queue& drainers() noexcept { return drainers_; }

 protected:
  virtual ~connection();
  /// An error that is about to be told. What is received after it is no orderly end.
  [[nodiscard]] const std::exception_ptr& refusal() const noexcept { return refusal_; }

 private:
  virtual void writing_paused() noexcept {}
  virtual void writing_resumed() noexcept {}
  virtual void was_lost() noexcept {}
  /// What was received and not read: the beginning of a handshake.
  [[nodiscard]] virtual std::string take_received() { return {}; }

  /// Those who write in one turn are sent in the next.
  class next_turn final : public ready_node {
   public:
    explicit next_turn(connection& owner) noexcept : owner_(owner) {}
    void run() noexcept override { owner_.start_sending(true); }

   private:
    connection& owner_;
  };

  [[nodiscard]] bool takes_bytes() const;
  /// How many of the bytes are sent already.
  [[nodiscard]] std::size_t send_at_once(std::string_view bytes);
  void bytes_came() noexcept;
  void pause_if_too_many() noexcept;
  void bytes_went() noexcept;
  void start_sending(bool now) noexcept;
  [[nodiscard]] bool has_work() const noexcept {
    return !lost_ && !upgrading_ && (!outgoing_.empty() || closing_ || (eof_written_ && !eof_sent_));
  }
  class sender;
  static coro<void> send(sender self);
  void stopped_sending(std::exception_ptr error) noexcept;
  coro<void> send_text(std::string_view text);
  coro<void> send_pieces();
  coro<void> end_sending();

  byte_stream stream_;
  loop& owner_;
  write_buffer outgoing_;
  write_buffer in_flight_;  // the system may read it until the sender has ended
  next_turn next_turn_{*this};
  ready_queue drainers_;
  ready_queue closers_;  // those who wait until it is lost
  ready_queue idlers_;   // those who wait until nobody sends
  std::exception_ptr error_;
  std::exception_ptr refusal_;  // what the system said to `send_at_once`; the sender tells it
  water_marks marks_;
  std::uint32_t references_ = 0;
  task_base* handshake_ = nullptr;  // while there is one
  bool sending_ = false;            // there is a task that sends
  bool upgrading_ = false;          // there is a handshake, and none may
  bool eof_written_ = false;
  bool eof_sent_ = false;
  bool closing_ = false;
  bool lost_ = false;
};

/// Waits once in a line of a connection.
class connection_wait final : public waiter_at<ready_queue> {
 public:
  using waiter_at::waiter_at;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { line_up(waiter, owner()); }
  void await_resume() { resumed(); }
};

}  // namespace hocket::detail
