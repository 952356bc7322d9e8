#include <algorithm>
#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/base/error.hpp>
#include <hocket/http/detail/h2_tunnel.hpp>
#include <hocket/io/stream_layer.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr auto longest_farewell = std::chrono::seconds(1);

static std::system_error lost(std::errc why) {
  return std::system_error(std::make_error_code(why), "a stream of HTTP/2 was lost");
}

static std::exception_ptr was_ended() noexcept {
  try {
    return std::make_exception_ptr(lost(std::errc::operation_canceled));
  } catch (...) {  // no memory to say it
    return std::current_exception();
  }
}

/// What the byte stream owns.
class h2_tunnel::layer final : public stream_layer {
 public:
  explicit layer(std::shared_ptr<h2_tunnel> tunnel) noexcept : tunnel_(std::move(tunnel)) {}

  HOCKET_CORO_WRAPPER coro<buffer> receive() override { return tunnel_->receive(); }
  HOCKET_CORO_WRAPPER coro<void> send(std::span<const std::string_view> pieces) override {
    return tunnel_->send(pieces);
  }
  HOCKET_CORO_WRAPPER coro<void> shutdown_send() override { return tunnel_->shutdown_send(); }
  HOCKET_CORO_WRAPPER coro<void> close() override { return tunnel_->close(); }
  void abort() noexcept override { tunnel_->abort(); }
  [[nodiscard]] bool has_something_to_read() const noexcept override { return tunnel_->has_something_to_read(); }

 private:
  std::shared_ptr<h2_tunnel> tunnel_;
};

byte_stream h2_tunnel::open(std::shared_ptr<h2_tunnel> tunnel) {
  return byte_stream(std::make_unique<layer>(std::move(tunnel)));
}

/// Counts one that is under way.
class h2_tunnel::call {
 public:
  explicit call(h2_tunnel& of) noexcept : of_(of) { ++of.calls_; }
  call(const call&) = delete;
  ~call() {
    if (--of_.calls_ == 0) of_.none_.set();
  }

 private:
  h2_tunnel& of_;
};

void h2_tunnel::require_open() const {
  if (is_over_) throw lost(std::errc::operation_canceled);
}

coro<buffer> h2_tunnel::receive() {
  const call mine(*this);
  require_open();
  if (rest_.empty()) {
    if (!stream_->has_news()) co_await stream_->wait_for_news();
    require_open();
    rest_ = take();
  }
  if (rest_.empty()) co_return buffer();
  buffer lent = loop::running().io().borrow();
  const std::size_t size = std::min(rest_.size(), lent.size());
  std::copy_n(rest_.data(), size, lent.bytes().data());
  lent.truncate(size);
  rest_.remove_prefix(size);
  co_return lent;
}

// The other side has given the stream up, or the connection has ended under it.
std::string_view h2_tunnel::take() {
  try {
    return stream_->take();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    throw lost(std::errc::connection_reset);
  }
}

coro<void> h2_tunnel::send(std::span<const std::string_view> pieces) {
  const call mine(*this);
  struct sending {
    bool& at;
    ~sending() { at = false; }
  } const counts{is_sending_ = true};
  for (const std::string_view piece : pieces) co_await send_piece(piece, false, duration::max());
}

coro<void> h2_tunnel::send_piece(std::string_view piece, bool is_last, duration limit) {
  require_open();
  try {
    co_await stream_->send(piece, is_last, limit, silence_);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const timeout_error&) {
    throw lost(std::errc::timed_out);
  } catch (const std::exception&) {
    throw lost(is_over_ ? std::errc::operation_canceled : std::errc::broken_pipe);
  }
}

coro<void> h2_tunnel::shutdown_send() {
  const call mine(*this);
  require_open();
  if (!stream_->has_sent_last()) co_await send_piece("", true, duration::max());
}

// What the other side still sends it is told not to by whoever has the stream.
coro<void> h2_tunnel::close() {
  const call mine(*this);
  struct ending {
    h2_tunnel& tunnel;
    ~ending() { tunnel.abort(); }
  } const at_last{*this};
  require_open();
  if (is_sending_) co_return;  // it is cut off
  if (!stream_->has_sent_last()) co_await send_piece("", true, longest_farewell);
  is_closed_ = !is_over_;
}

void h2_tunnel::abort() noexcept {
  if (std::exchange(is_over_, true)) return;
  rest_ = {};
  if (is_closed_)
    stream_->fail(was_ended());  // wakes who receives
  else
    stream_->cut_off();
}

bool h2_tunnel::has_something_to_read() const noexcept { return is_over_ || !rest_.empty() || stream_->has_news(); }

coro<void> h2_tunnel::leave() {
  abort();
  while (calls_ > 0) {
    none_.clear();
    co_await none_.wait();
  }
}

}  // namespace hocket::http::detail
