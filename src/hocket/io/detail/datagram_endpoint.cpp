// One task reads and calls the protocol: `serve_protocol`. What is sent goes to the system at once, inside of `sendto`: no copy,
// no turn. Only if the system has no room it is copied and waits, and a task that exists as long as something waits sends one
// after the other.
//
// An error says something about one datagram, or about one that was sent before; the socket is as good as it was. So errors are
// told, and the endpoint ends by nothing but its own side, or when the socket is none any more. An error that stays would be
// told in every turn, so receiving pauses when many come in a row, and when there is no memory.

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/io/datagram_transport.hpp>
#include <hocket/io/detail/datagram_endpoint.hpp>
#include <hocket/io/detail/protocol_task.hpp>
#include <hocket/io/detail/socket_calls.hpp>

namespace hocket::detail {

static constexpr std::size_t most_at_once = 16;     // datagrams, by one system call
static constexpr std::size_t longest = 64 * 1024;   // more than fits into a datagram of UDP
static constexpr std::size_t share_of_a_turn = 32;  // datagrams, before others have their turn
static constexpr int most_in_a_row = 16;            // errors without a datagram in between
static constexpr auto pause = std::chrono::seconds(1);

static std::optional<socket_address> peer_of(const udp_socket& socket) {
  try {
    return socket.peer_address();
  } catch (const std::system_error& answer) {
    if (answer.code().value() != ENOTCONN) throw;
    return {};
  }
}

datagram_endpoint::datagram_endpoint(udp_socket socket, std::optional<socket_address> peer,
                                     std::shared_ptr<datagram_protocol> receiver)
    : socket_(std::move(socket)), peer_(peer), protocol_(std::move(receiver)) {
  const auto connected_to = peer_of(socket_);
  connected_ = connected_to.has_value();
  if (!peer_) peer_ = connected_to;
}

coro<void> datagram_endpoint::run(record_ref<datagram_endpoint> self) {
  return serve_protocol<datagram_transport>(std::move(self));
}

// ---- receiving

static bool is_no_socket(std::error_code error) noexcept {
  return error.value() == EBADF || error.value() == ENOTSOCK || error.value() == EINVAL;
}

static bool is_lack_of_memory(std::error_code error) noexcept {
  return error.value() == ENOMEM || error.value() == ENOBUFS;
}

// Until it is closing. On epoll a receive that the system answers at once takes no turn, hence the share.
coro<void> datagram_endpoint::read_all(record_ref<datagram_endpoint> self) {
  co_await sleep(duration::zero());
  datagram_batch batch(most_at_once, longest);
  std::size_t taken = 0;
  int in_a_row = 0;
  while (!self->closing_) {
    const auto received = co_await as_expected(self->socket_.receive_batch(batch));
    if (self->closing_) co_return;
    if (received) {
      self->hand_over(batch);
      taken += *received;
      in_a_row = 0;
    } else {
      const std::error_code error = received.error();
      if (!self->socket_.is_open() || is_no_socket(error)) throw std::system_error(error, "read");
      self->tell_error(error);
      taken = share_of_a_turn;
      if (error.value() != ECONNREFUSED) ++in_a_row;  // of that there is one for each that was sent
      if (is_lack_of_memory(error) || in_a_row == most_in_a_row) {
        co_await move_on_after(pause, self->was_lost_.wait());
        in_a_row = 0;
      }
    }
    if (taken < share_of_a_turn) continue;
    taken = 0;
    co_await sleep(duration::zero());
  }
}

void datagram_endpoint::hand_over(datagram_batch& received) {
  for (std::size_t n = 0; n < received.size() && !closing_; ++n) {
    const std::span<char> bytes = received.bytes(n);
    tell(protocol_, "protocol.datagram_received() failed",
         [&](datagram_protocol& whom) { whom.datagram_received({bytes.data(), bytes.size()}, received.address(n)); });
  }
}

void datagram_endpoint::tell_error(std::error_code error) noexcept {
  tell(protocol_, "protocol.error_received() failed", [&](datagram_protocol& whom) { whom.error_received(error); });
}

coro<void> datagram_endpoint::wait_closed(record_ref<datagram_endpoint> self) { co_await self->was_lost_.wait(); }

// ---- sending

void datagram_endpoint::send(std::string_view bytes, const socket_address* to) {
  if (to == nullptr && !peer_) throw std::invalid_argument("an endpoint without a remote address needs one to send to");
  if (to != nullptr && peer_ && *to != *peer_)
    throw std::invalid_argument(
        fmt::format("an endpoint that sends to {} cannot send to {}", peer_->to_string(), to->to_string()));
  if (closing_) return;
  if (connected_)
    to = nullptr;
  else if (to == nullptr)
    to = &*peer_;
  if (!sending_) {
    const int answer = try_to_send(bytes, to);
    if (answer < 0 && answer != -EAGAIN) tell_error({-answer, std::system_category()});
    if (answer != -EAGAIN) return;
  }
  waiting_.push_back({.bytes = std::string(bytes), .to = to != nullptr ? std::optional(*to) : std::nullopt});
  waiting_bytes_ += waiting_.back().cost();
  if (!sending_) start_sending();
  pause_if_too_many();
}

int datagram_endpoint::try_to_send(std::string_view bytes, const socket_address* to) {
  iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (to != nullptr) {
    message.msg_name = const_cast<sockaddr*>(to->data());
    message.msg_namelen = to->size();
  }
  return system_of(socket_.handle()).sendmsg(socket_.number(), message);
}

void datagram_endpoint::start_sending() noexcept {
  sending_ = true;
  retain();
  datagram_ref self(this);
  try {
    create_task(send_waiting(self), {.name = "datagrams", .eager_start = true});
  } catch (...) {  // no memory
    sending_ = false;
    lose(std::current_exception());
  }
}

coro<void> datagram_endpoint::send_waiting(record_ref<datagram_endpoint> self) {
  std::exception_ptr failed;
  try {
    co_await self->send_all();
  } catch (...) {
    failed = std::current_exception();
  }
  self->sending_ = false;
  const bool was_cancelled = failed && is_cancelled(failed);
  if (was_cancelled)  // at the end of a run, or by whoever cancels all tasks
    self->lose(std::make_exception_ptr(
        std::system_error(std::make_error_code(std::errc::operation_canceled), "what waited was not sent")));
  else if (failed || self->closing_)
    self->lose(failed);
  if (was_cancelled) std::rethrow_exception(failed);
}

// Each moves in here first, for the system may read it until it has answered, whatever becomes of those that wait.
coro<void> datagram_endpoint::send_all() {
  while (!waiting_.empty()) {
    const waiting_datagram next = std::move(waiting_.front());
    waiting_.pop_front();
    const auto sent = co_await as_expected(next.to ? socket_.send_to(next.bytes, *next.to) : socket_.send(next.bytes));
    if (lost_) co_return;
    waiting_bytes_ -= next.cost();
    if (!sent) tell_error(sent.error());
    if (lost_) co_return;
    if (marks_.ends_pause(waiting_bytes_))
      tell(protocol_, "protocol.resume_writing() failed", [](datagram_protocol& whom) { whom.resume_writing(); });
  }
}

void datagram_endpoint::pause_if_too_many() noexcept {
  if (!marks_.begins_pause(waiting_bytes_)) return;
  tell(protocol_, "protocol.pause_writing() failed", [](datagram_protocol& whom) { whom.pause_writing(); });
}

void datagram_endpoint::set_write_buffer_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  marks_.set(high, low);
  pause_if_too_many();
}

// ---- the end

void datagram_endpoint::close() noexcept {
  if (closing_) return;
  closing_ = true;
  if (!sending_) lose(nullptr);
}

void datagram_endpoint::lose(std::exception_ptr error) noexcept {
  if (lost_) return;
  lost_ = closing_ = true;
  error_ = std::move(error);
  waiting_.clear();
  waiting_bytes_ = 0;
  socket_.close();
  was_lost_.set();
}

}  // namespace hocket::detail
