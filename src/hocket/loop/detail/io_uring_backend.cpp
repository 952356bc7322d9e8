// Requests become submission entries whose user_data is the request's address; one io_uring_enter a turn hands them over and
// waits. With DEFER_TASKRUN completions are made only inside that call, and TASKRUN_FLAG tells in shared memory when some wait.
//
// Quirks. "Since" is the kernel or liburing that has it; a workaround goes when the oldest one supported is newer.
//
// | since | what | here |
// |---|---|---|
// | any | a cancellation completes on its own, before or after what it cancels | its entry carries no address and is ignored; carried out when submitted, in order, it cannot meet a later request at the same address |
// | any | closing a number with a receive pending lets a reused number feed the old receive (seen on 6.18) | `descriptor`: cancel, drain, close |
// | any | on a descriptor with O_NONBLOCK the kernel answers EAGAIN (connect: EINPROGRESS) instead of waiting | ours are made without; adopted ones keep their flags: poll, then ask again |
// | any | when the kernel cannot make one more thread to work for the ring, because signals strike it again and again or threads are limited, it cancels what waits for one (seen on 6.18) | the blocking pool does it |
// | any | a FIFO is opened without waiting for its other end (to write: ENXIO), unless the open needs a thread of the kernel's: for a path that is not in memory, or to make a file | the latter is asked for with O_NONBLOCK; waits as the other backends do |
// | any | there is no recvmmsg and no sendmmsg | called directly, after a poll if they would wait |
// | any | each splice takes one of the kernel's threads, and holds it while the socket has no room | into a socket: the same; from a file: by the ring |
// | any | there is no copy_file_range, getdents and readlinkat; before 6.9 no ftruncate | on the blocking pool |
// | any | single operations are missing, or forbidden | the kernel is asked when the ring is made: `io_uring_operations` |
// | any | EBADR: completions were lost | fatal, nothing sensible can follow |
// | any | a read or write at the file's own position that an error cuts short does not move that (a write, seen on 6.18) | it is noted before, and set when less was done than asked for |
// | any | a poll that is woken for nothing (a terminal's settings change) asks again by itself and, where there are two wait queues, as terminals have, fails at that with EINVAL (seen on 6.18) | it is made anew |
// | 5.19 | a ring of buffers runs dry (ENOBUFS) | it is given more; if the pool has none, wait for readiness without a buffer, receive into one from the heap |
// | 6.0 | a zero-copy send completes twice; the second time when the peer has the bytes, which may be never | the request completes with the second; cancelled in between, the connection is aborted (connect to AF_UNSPEC) |
// | 6.0 | SINGLE_ISSUER, 6.1 DEFER_TASKRUN | without them `make_backend` falls back to epoll |
// | 6.1 | with DEFER_TASKRUN a ring that gets work to make completions of wakes nobody who polls it, and an eventfd that is registered for that hears only once of what another eventfd completes (both seen on 6.18) | the ring of a loop inside of another one is made with COOP_TASKRUN: the kernel makes completions whenever its thread waits, whose epoll_wait(2) ends with EINTR then |
// | liburing 2.4 | io_uring_setup_buf_ring; io_uring_enable_rings is not exported before | registered by hand |

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <liburing.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/loop/detail/fifo_calls.hpp>
#include <hocket/loop/detail/io_uring_backend.hpp>
#include <hocket/loop/detail/pipe_calls.hpp>
#include <hocket/loop/detail/socket_calls.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {
namespace {

constexpr unsigned submission_entries = 1024;
constexpr unsigned completion_entries = 8192;
constexpr int buffer_group = 1;

// user_data of entries that are not requests
constexpr std::uint64_t ignored = 0;
constexpr std::uint64_t woken = 1;

// Phases of a request. An `io_op::receive` lets the kernel take a buffer when bytes come, unless there was none left.
constexpr std::uint8_t asking = 0;          // the kernel does it
constexpr std::uint8_t polling = 1;         // it would have had to wait: asked again when poll(2) says so
constexpr std::uint8_t without_buffer = 2;  // a receive, the same, because no buffer was left
constexpr std::uint8_t into_heap = 3;       // a receive into a buffer from the heap
constexpr std::uint8_t sent = 4;            // a zero-copy send: done, but the kernel still reads the bytes

bool is_zero_copy(const io_request& request) noexcept {
  return request.op == io_op::send && (request.flags & io_request::zero_copy) != 0;
}

// Operations of a stream, that the ring has for sockets only.
bool is_of_stream(const io_request& request) noexcept {
  switch (request.op) {
    case io_op::receive:
    case io_op::recv:
    case io_op::send:
    case io_op::send_pieces:
      return true;
    default:
      return false;
  }
}

// What no kernel, or none before 6.9, does by a ring.
bool is_of_no_ring(io_op op) noexcept {
  return op == io_op::truncate || op == io_op::flush || op == io_op::copy_range || op == io_op::read_link ||
         op == io_op::read_directory;
}

bool is_in_pieces(const io_request& request) noexcept {
  return request.op == io_op::send_pieces || request.op == io_op::write_pieces;
}

bool is_done_whole(const io_request& request) noexcept {
  return request.op == io_op::send || request.op == io_op::write || is_in_pieces(request);
}

bool uses_own_position(const io_request& request) noexcept {
  const bool is_of_file = request.op == io_op::read || request.op == io_op::write || request.op == io_op::read_pieces ||
                          request.op == io_op::write_pieces;
  return is_of_file && request.details->offset < 0;
}

// Many that wait for a FIFO's other end would take all of the kernel's threads.
bool is_opened_without_waiting(const io_request& request) noexcept {
  return (request.flags & (O_CREAT | O_TRUNC)) != 0 && detail::waits_for_other_end(request);
}

int open_flags(const io_request& request) noexcept {
  const int more = is_opened_without_waiting(request) ? O_NONBLOCK : 0;
  return static_cast<int>(request.flags) | O_CLOEXEC | more;
}

// Where the position must be, once so many bytes are read or written.
void set_own_position(const io_request& request, std::size_t done) noexcept {
  const std::int64_t began_at = request.details->began_at;
  const int number = request.target->number();
  const bool has_not_moved = began_at >= 0 && ::lseek(number, 0, SEEK_CUR) == began_at;
  if (has_not_moved && (::fcntl(number, F_GETFL) & O_APPEND) == 0)
    ::lseek(number, began_at + static_cast<off_t>(done), SEEK_SET);
}

// The answer on a descriptor with O_NONBLOCK. (EAGAIN has other reasons when a file is opened, or a unix socket connected, or
// who asked does not want to wait.)
bool would_have_waited(const io_request& request, std::int32_t result) noexcept {
  if (request.op == io_op::connect) return result == -EINPROGRESS;
  if (request.target == nullptr) return false;
  if (request.op == io_op::send_message && (request.flags & MSG_DONTWAIT) != 0) return false;
  return result == -EAGAIN && request.op != io_op::open && request.op != io_op::open_beneath;
}

}  // namespace

// What it does not do is called, when poll(2) says so. A pipe or terminal would hold a thread of the kernel's.
bool io_uring_backend::has_opcode(const io_request& request) const noexcept {
  if (is_of_stream(request)) {
    if (is_zero_copy(request)) static_cast<void>(detail::nature_of(*request.target));
    return !detail::is_no_socket(*request.target);
  }
  if (request.op == io_op::splice) return (request.flags & io_request::into_pipe) != 0;
  return request.op != io_op::send_messages && request.op != io_op::receive_messages && !is_of_pipe(request);
}

bool io_uring_backend::needs_a_thread(const io_request& request) const noexcept {
  if (request.op < io_op::open) return false;
  return is_of_no_ring(request.op) || (!operations_->has(request.op) && !is_of_pipe(request));
}

struct io_uring_backend::ring {
  static constexpr std::size_t buffers_size = buffer_pool::count * sizeof(io_uring_buf);

  io_uring io{};
  io_uring_buf_ring* buffers = nullptr;
  open_how how{};
  bool enabled = false;

  ring(unsigned entries, unsigned completions, unsigned when_completions_are_made) {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | when_completions_are_made |
                       IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    parameters.cq_entries = completions;
    const int error = io_uring_queue_init_params(entries, &io, &parameters);
    if (error < 0) throw std::system_error(-error, std::system_category(), "io_uring is not available here");
  }
  ~ring() {
    io_uring_queue_exit(&io);
    if (buffers != nullptr) ::munmap(buffers, buffers_size);
  }
  ring(const ring&) = delete;

  io_uring_sqe* entry() {
    io_uring_sqe* sqe = io_uring_get_sqe(&io);
    while (sqe == nullptr) {
      hand_over();
      sqe = io_uring_get_sqe(&io);
    }
    return sqe;
  }

  // A ring belongs to the thread that enables it: to the one that runs the loop, wherever that was made.
  // liburing 2.3 does not export io_uring_enable_rings.
  void enable() {
    if (std::exchange(enabled, true)) return;
    if (::syscall(__NR_io_uring_register, io.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) != 0)
      throw std::system_error(errno, std::system_category(), "io_uring_register");
  }

  void hand_over() {
    enable();
    int submitted = 0;
    do submitted = io_uring_submit(&io);
    while (submitted == -EINTR || submitted == -EAGAIN || submitted == -EBUSY);
    HOCKET_ASSERT(submitted >= 0, "io_uring refused a submission");
  }

  void register_buffers() {
    void* memory = ::mmap(nullptr, buffers_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc{};
    buffers = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
    registration.ring_entries = buffer_pool::count;
    registration.bgid = buffer_group;
    const int error = io_uring_register_buf_ring(&io, &registration, 0);
    if (error < 0) throw std::system_error(-error, std::system_category(), "io_uring buffer ring");
    io_uring_buf_ring_init(buffers);
  }
};

io_uring_backend::io_uring_backend(loop& owner)
    : kernel_backend(owner),
      ring_(std::make_unique<ring>(submission_entries, completion_entries, IORING_SETUP_DEFER_TASKRUN)) {
  make_view();
  ring_->register_buffers();
  operations_.emplace(ring_->io);
  operations_->restrict(ring_->io);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (wake_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
  buffers_.serve_kernel(
      [](void* self, std::uint32_t slot) noexcept { static_cast<io_uring_backend*>(self)->provide(slot); }, this);
  listen_for_wake();
}

void io_uring_backend::make_view() noexcept {
  const io_uring_sq& submissions = ring_->io.sq;
  ring_view_ = {.tail = &submissions.sqe_tail,
                .head = &submissions.sqe_head,
                .flags = submissions.kflags,
                .mask = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW};
}

io_uring_backend::~io_uring_backend() {
  ring_.reset();
  ::close(wake_);
}

void io_uring_backend::provide(std::uint32_t slot) noexcept {
  io_uring_buf_ring_add(ring_->buffers, buffers_.memory(slot), buffer_pool::buffer_size_bytes,
                        static_cast<unsigned short>(slot), buffer_pool::count - 1, 0);
  io_uring_buf_ring_advance(ring_->buffers, 1);
}

void io_uring_backend::listen_for_wake() {
  io_uring_sqe* sqe = ring_->entry();
  io_uring_prep_read(sqe, wake_, &wake_count_, sizeof wake_count_, 0);
  io_uring_sqe_set_data64(sqe, woken);
}

// A ring of another kind takes the place of the one that has not been used: see the table.
int io_uring_backend::poll_number() {
  if (pollable_) return ring_->io.ring_fd;
  if (ring_->enabled || in_flight() > 0)
    throw invalid_state_error("a loop on io_uring that has begun cannot come to be inside of another one");
  auto made = std::make_unique<ring>(submission_entries, completion_entries, IORING_SETUP_COOP_TASKRUN);
  made->register_buffers();
  operations_->restrict(made->io);
  std::memcpy(static_cast<void*>(made->buffers), ring_->buffers, ring::buffers_size);
  ring_ = std::move(made);
  make_view();
  listen_for_wake();
  pollable_ = true;
  return ring_->io.ring_fd;
}

void io_uring_backend::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
}

bool io_uring_backend::start(io_request& request) {
  require_own_process();
  request.completed = false;
  request.stopping = false;
  request.phase = asking;
  if (is_zero_copy(request) && !operations_->has_zero_copy()) request.flags = 0;
  if (request.op == io_op::splice && has_opcode(request) && !operations_->has(io_op::splice)) {
    request.result = -EINVAL;
    request.completed = true;
    return true;
  }
  if (needs_a_thread(request)) {
    offload(request);
    return false;
  }
  if (!has_opcode(request)) {
    if (const auto outcome = try_now(request)) {
      request.result = *outcome;
      request.completed = true;
      return true;
    }
    request.phase = polling;
  }
  if (uses_own_position(request)) request.details->began_at = ::lseek(request.target->number(), 0, SEEK_CUR);
  submit(request);
  began(request);
  return false;
}

void io_uring_backend::submit(io_request& request) {
  io_uring_sqe* sqe = ring_->entry();
  const int number = request.target != nullptr ? request.target->number() : -1;
  static constexpr io_details none{};
  const io_details& more = request.details != nullptr ? *request.details : none;
  auto* data = static_cast<char*>(request.data);
  const auto* second = static_cast<const char*>(more.second);
  const auto left = static_cast<unsigned>(std::min<std::size_t>(request.length, 1U << 30));
  const auto offset = static_cast<std::uint64_t>(more.offset);
  if (request.phase == polling || request.phase == without_buffer) {
    io_uring_prep_poll_add(sqe, number, static_cast<unsigned>(detail::events_for(request)));
    io_uring_sqe_set_data(sqe, &request);
    return;
  }
  switch (request.op) {
    case io_op::receive:
      if (request.phase == into_heap) {
        io_uring_prep_recv(sqe, number, buffers_.memory(request.slot), buffer_pool::buffer_size_bytes, 0);
      } else {
        io_uring_prep_recv(sqe, number, nullptr, buffer_pool::buffer_size_bytes, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = buffer_group;
      }
      if (!request.target->ready.may_read) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;  // spares a call in vain
      break;
    case io_op::recv:
      io_uring_prep_recv(sqe, number, data, left, 0);
      break;
    case io_op::send:
      if (is_zero_copy(request))
        io_uring_prep_send_zc(sqe, number, data, left, MSG_NOSIGNAL | MSG_WAITALL, 0);
      else
        io_uring_prep_send(sqe, number, data, left, MSG_NOSIGNAL | MSG_WAITALL);
      break;
    case io_op::send_pieces:
      io_uring_prep_sendmsg(sqe, number, static_cast<const msghdr*>(request.data), MSG_NOSIGNAL | MSG_WAITALL);
      break;
    case io_op::send_message:
      io_uring_prep_sendmsg(sqe, number, static_cast<const msghdr*>(request.data), request.flags | MSG_NOSIGNAL);
      break;
    case io_op::receive_message:
      io_uring_prep_recvmsg(sqe, number, static_cast<msghdr*>(request.data), request.flags | MSG_CMSG_CLOEXEC);
      break;
    case io_op::accept:
      io_uring_prep_accept(sqe, number, nullptr, nullptr, SOCK_CLOEXEC | static_cast<int>(request.flags));
      break;
    case io_op::connect:
      io_uring_prep_connect(sqe, number, static_cast<const sockaddr*>(request.data),
                            static_cast<socklen_t>(request.length));
      break;
    case io_op::poll:
      io_uring_prep_poll_add(sqe, number, request.flags);
      break;
    case io_op::splice:
      io_uring_prep_splice(sqe, number, more.offset, more.pipe->number(), -1, left, SPLICE_F_MOVE);
      break;
    case io_op::open:
      io_uring_prep_openat(sqe, AT_FDCWD, data, open_flags(request), more.mode);
      break;
    case io_op::open_beneath:
      // Copied by the kernel when the entry is submitted, at the latest at the end of this turn; all of a turn's opens
      // beneath would have to agree, so each is handed over at once.
      ring_->how = {.flags = static_cast<unsigned>(open_flags(request)),
                    .mode = more.mode,
                    .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
      io_uring_prep_openat2(sqe, number, data, &ring_->how);
      break;
    case io_op::read:
      io_uring_prep_read(sqe, number, data, left, offset);
      break;
    case io_op::write:
      io_uring_prep_write(sqe, number, data, left, offset);
      break;
    case io_op::fsync:
      io_uring_prep_fsync(sqe, number, (request.flags & io_request::data_only) != 0 ? IORING_FSYNC_DATASYNC : 0);
      break;
    case io_op::read_pieces: {
      const auto& message = *static_cast<const msghdr*>(request.data);
      io_uring_prep_readv(sqe, number, message.msg_iov, static_cast<unsigned>(message.msg_iovlen), offset);
      break;
    }
    case io_op::write_pieces: {
      const auto& message = *static_cast<const msghdr*>(request.data);
      io_uring_prep_writev(sqe, number, message.msg_iov, static_cast<unsigned>(message.msg_iovlen), offset);
      break;
    }
    case io_op::stat:
      io_uring_prep_statx(sqe, AT_FDCWD, data, static_cast<int>(request.flags), STATX_BASIC_STATS | STATX_BTIME,
                          static_cast<struct statx*>(more.second));
      break;
    case io_op::rename:
      io_uring_prep_renameat(sqe, AT_FDCWD, data, AT_FDCWD, second, request.flags);
      break;
    case io_op::make_directory:
      io_uring_prep_mkdirat(sqe, AT_FDCWD, data, more.mode);
      break;
    case io_op::remove:
      io_uring_prep_unlinkat(sqe, AT_FDCWD, data, static_cast<int>(request.flags));
      break;
    case io_op::link:
      io_uring_prep_linkat(sqe, AT_FDCWD, data, AT_FDCWD, second, 0);
      break;
    case io_op::symlink:
      io_uring_prep_symlinkat(sqe, data, AT_FDCWD, second);
      break;
    case io_op::truncate:
    case io_op::flush:
    case io_op::copy_range:
    case io_op::read_link:
    case io_op::read_directory:
    case io_op::send_messages:
    case io_op::receive_messages:
      HOCKET_ASSERT(false, "the ring has no such operation");
  }
  io_uring_sqe_set_data(sqe, &request);
  if (request.op == io_op::open_beneath) ring_->hand_over();
}

// The kernel lets go of bytes that the peer has not taken only when the connection ends. connect(2): AF_UNSPEC.
static void abort_connection(int number) noexcept {
  const sockaddr nowhere{.sa_family = AF_UNSPEC, .sa_data = {}};
  static_cast<void>(::connect(number, &nowhere, sizeof nowhere));
}

bool io_uring_backend::cancel(io_request& request) {
  if (request.completed) return false;
  if (request.is_offloaded()) return cancel_offloaded(request);
  if (request.phase == awaiting_other_end) return cancel_open(request);
  if (!is_in_own_process()) {  // the ring is the parent's, and so is what it has begun
    complete(request, -ECANCELED);
    return true;
  }
  loop_.insist_on_own_thread("an operation was cancelled");
  request.stopping = true;
  if (request.phase == sent) abort_connection(request.target->number());
  io_uring_sqe* sqe = ring_->entry();
  io_uring_prep_cancel(sqe, &request, 0);
  io_uring_sqe_set_data64(sqe, ignored);
  return true;
}

void io_uring_backend::collect(std::optional<std::chrono::nanoseconds> limit) {
  require_own_process();
  io_uring& io = ring_->io;
  ring_->enable();
  int outcome = 0;
  if (limit && limit->count() <= 0) {
    if (wants_collect() || io_uring_cq_ready(&io) > 0) outcome = io_uring_submit_and_get_events(&io);
  } else if (io_uring_cq_ready(&io) > 0) {
    outcome = io_uring_submit_and_get_events(&io);
  } else if (!limit) {
    outcome = io_uring_submit_and_wait(&io, 1);
  } else {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*limit);
    __kernel_timespec time{.tv_sec = seconds.count(), .tv_nsec = (*limit - seconds).count()};
    io_uring_cqe* first = nullptr;
    outcome = io_uring_submit_and_wait_timeout(&io, &first, 1, &time, nullptr);
  }
  if (outcome == -EEXIST) throw invalid_state_error("a loop on io_uring runs on one thread, the first that ran it");
  const bool harmless =
      outcome >= 0 || outcome == -EINTR || outcome == -ETIME || outcome == -EBUSY || outcome == -EAGAIN;
  if (!harmless) throw std::system_error(-outcome, std::system_category(), "io_uring_enter");
  take_completions();
}

void io_uring_backend::take_completions() {
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(&ring_->io, &cqe) == 0) {
    const io_uring_cqe seen = *cqe;
    io_uring_cqe_seen(&ring_->io, cqe);
    if (seen.user_data == woken)
      listen_for_wake();
    else if (seen.user_data != ignored)
      completed(*reinterpret_cast<io_request*>(seen.user_data), seen.res, seen.flags);
  }
}

static bool is_failed_poll_of_terminal(const io_request& request, std::int32_t result) noexcept {
  return result == -EINVAL && (request.phase == polling || request.op == io_op::poll) &&
         ::isatty(request.target->number()) == 1;
}

void io_uring_backend::completed(io_request& request, std::int32_t result, std::uint32_t flags) {
  if (is_failed_poll_of_terminal(request, result)) {
    go_on(request);
  } else if (request.phase == polling || request.phase == without_buffer) {
    became_ready(request, result);
  } else if (result == -ENOTSOCK && is_of_stream(request)) {
    detail::note_no_socket(*request.target);
    call(request);
  } else if (request.op == io_op::receive) {
    receive_completed(request, result, flags);
  } else if (is_zero_copy(request)) {
    zero_copy_completed(request, result, flags);
  } else if (would_have_waited(request, result)) {
    wait_until_ready(request);
  } else if (is_done_whole(request) && result > 0) {
    part_completed(request, result);
  } else if (result == -EINTR && request.op == io_op::connect) {
    wait_until_ready(request);  // it goes on connecting
  } else if (result == -EINTR) {
    go_on(request);  // a cancelled call on a kernel thread ends so, and one that a signal struck as it was submitted
  } else if (result == -ECANCELED && !request.stopping && !draining_) {
    given_up_by_kernel(request);
  } else if (request.op == io_op::open || request.op == io_op::open_beneath) {
    opened(request, result);
  } else {
    const bool is_short = request.op == io_op::read_pieces || static_cast<std::size_t>(result) < request.length;
    if (uses_own_position(request) && result > 0 && is_short)
      set_own_position(request, static_cast<std::size_t>(result));
    complete(request, result);
  }
}

void io_uring_backend::part_completed(io_request& request, std::int32_t result) {
  const auto count = static_cast<std::size_t>(result);
  const bool is_at_own_position = uses_own_position(request);
  if (!detail::advance(request, count)) return complete(request, 0);
  if (is_at_own_position) {
    set_own_position(request, count);
    request.details->began_at += result;
  }
  go_on(request);
}

// A part of the request is done. Its next part is a new entry, which a cancellation of the last one would miss.
void io_uring_backend::go_on(io_request& request) {
  if (request.stopping || draining_)
    complete(request, -ECANCELED);
  else
    submit(request);
}

void io_uring_backend::wait_until_ready(io_request& request) {
  request.phase = polling;
  go_on(request);
}

// Of what the ring does not do.
void io_uring_backend::call(io_request& request) {
  if (request.stopping || draining_) return complete(request, -ECANCELED);
  try {
    if (const auto outcome = try_now(request)) return complete(request, *outcome);
    wait_until_ready(request);
  } catch (const std::bad_alloc&) {
    complete(request, -ENOMEM);
  }
}

// What nobody has cancelled; see the table.
void io_uring_backend::given_up_by_kernel(io_request& request) {
  if (request.op == io_op::connect) return submit(request);  // it may wait for long
  if (request.op < io_op::open && request.op != io_op::splice) return complete(request, -ECANCELED);
  try {
    hand_to_pool(request);
  } catch (const std::bad_alloc&) {
    complete(request, -ENOMEM);
  } catch (const std::system_error& no_thread) {
    complete(request, -no_thread.code().value());
  }
}

void io_uring_backend::opened(io_request& request, std::int32_t result) {
  if (is_opened_without_waiting(request)) {
    if (result == -EAGAIN && !request.stopping && !draining_) return given_up_by_kernel(request);  // fcntl(2): a lease
    if (result >= 0) detail::let_wait(result);
  }
  complete_open(request, result);
}

void io_uring_backend::became_ready(io_request& request, std::int32_t result) {
  if (result < 0) return complete(request, result);
  if (request.phase == without_buffer) {
    if (!request.stopping && !draining_) request.slot = buffers_.take();
    request.phase = into_heap;
  } else if (request.op == io_op::connect) {
    const auto outcome = detail::look_at_connect(request);
    return outcome ? complete(request, *outcome) : go_on(request);
  } else if (!has_opcode(request)) {
    return call(request);
  } else {
    request.phase = asking;
  }
  go_on(request);
}

void io_uring_backend::receive_completed(io_request& request, std::int32_t result, std::uint32_t flags) {
  if (request.phase == asking && result == -ENOBUFS) {
    if (!buffers_.kernel_ran_dry()) request.phase = without_buffer;
    return go_on(request);
  }
  const bool has_buffer = request.phase == into_heap || (flags & IORING_CQE_F_BUFFER) != 0;
  if (request.phase == asking && has_buffer) {
    request.slot = flags >> IORING_CQE_BUFFER_SHIFT;
    buffers_.chosen_by_kernel();
  }
  if (has_buffer && result <= 0) buffers_.give_back(request.slot);
  if (result > 0) request.target->ready.may_read = (flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
  if (would_have_waited(request, result))
    wait_until_ready(request);
  else
    complete(request, result);
}

// False: no memory.
bool io_uring_backend::linger(io_request& request) noexcept {
  try {
    lingering_.push_back(&request);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// The first completion tells how much was sent, or why not, and whether there will be a second, which says that the kernel has
// let go. Until then the request is not asked again: the second would be taken for an answer to that.
void io_uring_backend::zero_copy_completed(io_request& request, std::int32_t result, std::uint32_t flags) {
  if ((flags & IORING_CQE_F_MORE) != 0) {
    request.phase = sent;
    request.result = result;
    if (request.stopping || draining_ || !linger(request)) abort_connection(request.target->number());
    return;
  }
  if ((flags & IORING_CQE_F_NOTIF) != 0) {
    std::erase(lingering_, &request);
    request.phase = asking;
    result = request.result;
    if (request.stopping) return complete(request, -ECANCELED);  // and the connection is aborted
  }
  if (result > 0) return part_completed(request, result);
  if (would_have_waited(request, result)) return wait_until_ready(request);
  if (result != -EOPNOTSUPP && result != -EINVAL) return complete(request, result);
  request.flags = 0;  // this socket or kernel cannot
  go_on(request);
}

void io_uring_backend::drain() noexcept {
  if (!is_in_own_process()) return;  // nothing of it is ours
  draining_ = true;
  for (const io_request* each : lingering_) abort_connection(each->target->number());
  try {
    io_uring_sqe* sqe = ring_->entry();
    io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data64(sqe, ignored);
    for (end_waits_for_other_ends(); in_flight() > offloaded(); end_waits_for_other_ends()) collect(std::nullopt);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "hocket: %s\n", problem.what());
    std::abort();  // the kernel may still write to memory that is about to be released
  }
}

bool io_uring_works() noexcept {
  try {
    io_uring io{};
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
    if (io_uring_queue_init_params(4, &io, &parameters) < 0) return false;
    io_uring_prep_nop(io_uring_get_sqe(&io));
    io_uring_cqe* cqe = nullptr;
    const bool works = io_uring_submit_and_wait(&io, 1) == 1 && io_uring_peek_cqe(&io, &cqe) == 0 && cqe->res == 0;
    io_uring_queue_exit(&io);
    return works;
  } catch (...) {
    return false;
  }
}

}  // namespace hocket
