// Completion on top of readiness.
//
// A request is tried at once, because most sends and many receives need not wait. What would block stays in its descriptor's
// list and is tried again, in order of submission, when the kernel reports an edge. A stream that gave fewer bytes than asked
// for is empty (epoll(7)), so the next receive waits for the edge instead of paying for an EAGAIN; not so once the peer has
// hung up, for the end of file makes no second edge.

#include <cerrno>
#include <memory>
#include <new>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <hocket/loop/detail/file_calls.hpp>
#include <hocket/loop/detail/readiness_backend.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {
enum class readiness_backend::need : unsigned char { readable, writable, either, blocking_call };

readiness_backend::need readiness_backend::needs(const io_request& request) noexcept {
  switch (request.op) {
    case io_op::receive:
    case io_op::recv:
    case io_op::accept:
      return need::readable;
    case io_op::send:
    case io_op::connect:
      return need::writable;
    case io_op::poll:
      return need::either;
    default:
      return need::blocking_call;
  }
}

// Runs a file request on the blocking pool. Allocated for each: a file call costs microseconds.
class readiness_backend::file_job final : public blocking_job, public ready_node, public arena_allocated {
 public:
  file_job(readiness_backend& owner, io_request& request) noexcept : owner_(owner), request_(request) {}

  void work() noexcept override {
    result_ = detail::call_blocking(request_);
    owner_.loop_.post(*this);
  }

  void run() noexcept override {
    request_.job = nullptr;
    owner_.complete(request_, result_);
    delete this;
  }

 private:
  readiness_backend& owner_;
  io_request& request_;
  std::int32_t result_ = 0;
};

namespace {

constexpr std::uint8_t connecting = 1;

bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK; }

// The calls below answer as the kernel answers a ring, or nothing if they would block.
using attempt = std::optional<std::int32_t>;

attempt answer(ssize_t returned) noexcept {
  if (returned >= 0) return static_cast<std::int32_t>(returned);
  if (would_block(errno)) return std::nullopt;
  return -errno;
}

template <class Call>
ssize_t uninterrupted(Call call) noexcept {
  ssize_t returned = 0;
  do returned = call();
  while (returned < 0 && errno == EINTR);
  return returned;
}

attempt receive_into_pool(io_request& request, buffer_pool& pool) {
  const std::uint32_t slot = pool.take();
  const ssize_t count = uninterrupted([&] {
    return ::recv(request.target->number(), pool.memory(slot), buffer_pool::buffer_size_bytes, MSG_DONTWAIT);
  });
  const attempt outcome = answer(count);
  if (count > 0)
    request.slot = slot;
  else
    pool.give_back(slot);
  return outcome;
}

attempt send_all(io_request& request) noexcept {
  const auto* data = static_cast<const char*>(request.data);
  do {
    const ssize_t count = uninterrupted([&] {
      return ::send(request.target->number(), data + request.transferred, request.length - request.transferred,
                    MSG_NOSIGNAL | MSG_DONTWAIT);
    });
    if (count < 0) return answer(count);
    request.transferred += static_cast<std::size_t>(count);
  } while (request.transferred < request.length);
  return 0;
}

attempt connect(io_request& request) noexcept {
  const int number = request.target->number();
  if (request.phase != connecting) {
    request.phase = connecting;
    if (::connect(number, static_cast<const sockaddr*>(request.data), static_cast<socklen_t>(request.length)) == 0)
      return 0;
    if (errno == EINPROGRESS || errno == EINTR || would_block(errno)) return std::nullopt;
    return -errno;
  }
  pollfd state{.fd = number, .events = POLLOUT, .revents = 0};
  if (::poll(&state, 1, 0) == 0) return std::nullopt;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size);
  return -error;
}

attempt look(const io_request& request) noexcept {
  pollfd state{.fd = request.target->number(), .events = static_cast<short>(request.flags), .revents = 0};
  if (::poll(&state, 1, 0) <= 0) return std::nullopt;
  return state.revents;
}

attempt try_call(io_request& request, buffer_pool& pool) {
  const int number = request.target->number();
  switch (request.op) {
    case io_op::receive:
      return receive_into_pool(request, pool);
    case io_op::recv:
      return answer(uninterrupted([&] { return ::recv(number, request.data, request.length, MSG_DONTWAIT); }));
    case io_op::send:
      return send_all(request);
    case io_op::accept:
      return answer(uninterrupted([&] { return ::accept4(number, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }));
    case io_op::connect:
      return connect(request);
    case io_op::poll:
      return look(request);
    default:
      return -EOPNOTSUPP;
  }
}

}  // namespace

bool readiness_backend::start(io_request& request) {
  request.completed = false;
  request.phase = 0;
  const need needed = needs(request);
  if (needed == need::blocking_call) {
    offload(request);
    return false;
  }
  descriptor& target = *request.target;
  if (may(target, needed)) {
    if (const attempt outcome = attempt_now(request, needed)) {
      request.result = *outcome;
      request.completed = true;
      return true;
    }
  }
  if (!target.watched_) {
    watch(target);
    target.watched_ = true;
  }
  began(request);
  return false;
}

bool readiness_backend::may(const descriptor& target, need needed) noexcept {
  return needed == need::readable ? target.may_read_ : needed == need::writable ? target.may_write_ : true;
}

std::optional<std::int32_t> readiness_backend::attempt_now(io_request& request, need needed) {
  descriptor& target = *request.target;
  const attempt outcome = try_call(request, buffers());
  if (request.op == io_op::poll) return outcome;
  if (!outcome) {
    (needed == need::readable ? target.may_read_ : target.may_write_) = false;
  } else if ((request.op == io_op::receive || request.op == io_op::recv) && *outcome > 0 && !target.hung_up_) {
    const std::size_t wanted = request.op == io_op::recv ? request.length : buffer_pool::buffer_size_bytes;
    if (static_cast<std::size_t>(*outcome) < wanted) target.may_read_ = false;
  }
  return outcome;
}

void readiness_backend::became_ready(descriptor& target, bool readable, bool writable, bool hung_up) noexcept {
  target.hung_up_ |= hung_up;
  target.may_read_ |= readable;
  target.may_write_ |= writable;
  target.in_flight_.for_each([&](io_request& request) {
    const need needed = needs(request);
    if (needed == need::blocking_call || !may(target, needed)) return;
    try {
      if (const attempt outcome = attempt_now(request, needed)) complete(request, *outcome);
    } catch (const std::bad_alloc&) {
      complete(request, -ENOMEM);
    }
  });
}

bool readiness_backend::cancel(io_request& request) {
  if (request.completed) return false;
  if (auto* job = static_cast<file_job*>(request.job)) {
    if (!loop_.blocking().withdraw(*job)) return true;  // it ends when the call returns
    delete job;
    request.job = nullptr;
  }
  complete(request, -ECANCELED);
  return true;
}

void readiness_backend::offload(io_request& request) {
  auto job = std::make_unique<file_job>(*this, request);
  loop_.blocking().submit(*job);
  request.job = job.release();
  began(request);
}

}  // namespace hocket
