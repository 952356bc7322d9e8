// Completion on top of readiness.
//
// A request is tried at once, because most sends and many receives need not wait. What would block stays in its descriptor's
// list and is tried again, in order of submission, when the kernel reports an edge; so does a large send, after its share of a
// turn, and then asks for an edge. A stream that gave fewer bytes than asked
// for is empty (epoll(7)), so the next receive waits for the edge instead of paying for an EAGAIN; not so once the peer has
// hung up, for the end of file makes no second edge; nor on unix sockets, see `descriptor::readiness`.

#include <cerrno>
#include <new>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <hocket/loop/detail/pipe_calls.hpp>
#include <hocket/loop/detail/readiness_backend.hpp>
#include <hocket/loop/detail/socket_calls.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

using detail::attempt;

enum class readiness_backend::need : unsigned char { readable, writable, either, blocking_call };

// connect(2) on a socket that blocks has no flag against it.
static bool connect_blocks(const io_request& request) noexcept {
  return request.op == io_op::connect && request.target->is_adopted() &&
         (::fcntl(request.target->number(), F_GETFL) & O_NONBLOCK) == 0;
}

static bool never_waits(const io_request& request) noexcept {
  return request.op == io_op::send_message && (request.flags & MSG_DONTWAIT) != 0;
}

readiness_backend::need readiness_backend::needs(const io_request& request) noexcept {
  switch (request.op) {
    case io_op::receive:
    case io_op::recv:
    case io_op::receive_message:
    case io_op::receive_messages:
    case io_op::accept:
      return need::readable;
    case io_op::send:
    case io_op::send_pieces:
    case io_op::send_message:
    case io_op::send_messages:
      return need::writable;
    case io_op::connect:
      return request.is_offloaded() || connect_blocks(request) ? need::blocking_call : need::writable;
    case io_op::splice:
      if ((request.flags & io_request::from_file) != 0) return need::blocking_call;
      return (request.flags & io_request::into_pipe) != 0 ? need::readable : need::writable;
    case io_op::poll:
      return need::either;
    case io_op::read:
    case io_op::read_pieces:
      return is_of_pipe(request) ? need::readable : need::blocking_call;
    case io_op::write:
    case io_op::write_pieces:
      return is_of_pipe(request) ? need::writable : need::blocking_call;
    default:
      return need::blocking_call;
  }
}

int readiness_backend::nonblocking() const noexcept { return SOCK_NONBLOCK; }

namespace {

constexpr std::uint8_t connecting = 1;  // a phase of io_op::connect
static_assert(connecting != detail::has_more);

// Of what was asked for, as far as a stream that gives less is known to be empty.
std::size_t most_bytes(const io_request& request) noexcept {
  return request.op != io_op::receive ? request.length : buffer_pool::buffer_size_bytes;
}

}  // namespace

attempt readiness_backend::try_or_connect(io_request& request) {
  if (request.op != io_op::connect) return try_now(request);
  if (request.phase == connecting) return detail::look_at_connect(request);
  request.phase = connecting;
  return detail::begin_connect(request);
}

bool readiness_backend::start(io_request& request) {
  require_own_process();
  request.completed = false;
  request.stopping = false;
  request.phase = 0;
  const need needed = needs(request);
  if (needed == need::blocking_call) {
    offload(request);
    return false;
  }
  descriptor& target = *request.target;
  attempt outcome;
  if (may(target, needed) || never_waits(request)) outcome = attempt_now(request, needed);
  if (!outcome && !target.ready.watched) {
    const int error = watch(target);
    target.ready.watched = error == 0;
    if (error == EPERM && detail::is_no_socket(target)) return start_unwatched(request);
    if (error != 0) outcome = -error;
  }
  if (outcome) {
    request.result = *outcome;
    request.completed = true;
    return true;
  }
  began(request);
  return false;
}

// What cannot be watched, /dev/null for one, never has to wait for others.
bool readiness_backend::start_unwatched(io_request& request) {
  request.target->is = descriptor::nature::file;
  if (needs(request) == need::blocking_call) {
    offload(request);
    return false;
  }
  attempt outcome;
  do {
    request.phase = 0;
    outcome = try_now(request);
  } while (!outcome && request.phase == detail::has_more);
  request.result = outcome.value_or(-EAGAIN);
  request.completed = true;
  return true;
}

bool readiness_backend::may(const descriptor& target, need needed) noexcept {
  return needed == need::readable ? target.ready.may_read : needed == need::writable ? target.ready.may_write : true;
}

attempt readiness_backend::attempt_now(io_request& request, need needed) {
  descriptor::readiness& ready = request.target->ready;
  const attempt outcome = try_or_connect(request);
  if (request.op == io_op::poll) return outcome;
  if (!outcome) {
    if (needed == need::readable)
      ready.may_read = false;
    else
      ready.may_write = false;
    if (request.phase == detail::has_more) {  // it would have gone on: the next turn hears that it may
      request.phase = 0;
      if (ready.watched) watch_again(*request.target);
    }
  } else if ((request.op == io_op::receive || request.op == io_op::recv) && *outcome > 0 && ready.short_read_empties &&
             !ready.hung_up) {
    if (static_cast<std::size_t>(*outcome) < most_bytes(request)) ready.may_read = false;
  }
  return outcome;
}

void readiness_backend::became_ready(descriptor& target, bool readable, bool writable, bool hung_up) noexcept {
  target.ready.hung_up |= hung_up;
  target.ready.may_read |= readable;
  target.ready.may_write |= writable;
  target.in_flight().for_each([&](io_request& request) {
    const need needed = needs(request);
    if (needed == need::blocking_call || !may(target, needed)) return;
    try {
      if (const attempt outcome = attempt_now(request, needed)) complete(request, *outcome);
    } catch (const std::bad_alloc&) {
      complete(request, -ENOMEM);
    }
  });
}

short readiness_backend::awaited_events(descriptor& target) noexcept {
  short events = nothing_awaited;
  target.in_flight().for_each([&](const io_request& request) {
    if (needs(request) == need::blocking_call) return;
    if (events == nothing_awaited) events = 0;
    events = static_cast<short>(events | detail::events_for(request));
  });
  return events;
}

bool readiness_backend::cancel(io_request& request) {
  if (request.completed) return false;
  if (request.is_offloaded()) return cancel_offloaded(request);
  if (request.phase == awaiting_other_end) return cancel_open(request);
  complete(request, -ECANCELED);
  return true;
}

}  // namespace hocket
