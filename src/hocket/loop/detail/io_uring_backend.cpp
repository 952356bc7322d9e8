// Requests become submission entries whose user_data is the request's address; one io_uring_enter a turn hands them over and
// waits. With DEFER_TASKRUN completions are made only inside that call, and TASKRUN_FLAG tells in shared memory when some wait.
//
// Quirks, each with its reason:
// - A cancellation completes on its own, before or after what it cancels: its entry carries no address and is ignored. It is
//   carried out when submitted, in order, so it cannot meet a later request at the same address.
// - A ring of buffers runs dry when 256 tasks hold one (ENOBUFS): the request then waits for readiness without a buffer and
//   receives into one from the heap.
// - liburing 2.3 has no helper to set up a buffer ring: it is registered by hand. (Debian 12; 2.4 has io_uring_setup_buf_ring.)
// - Files must not be O_NONBLOCK: the kernel would answer EAGAIN instead of waiting.
// - EBADR means that completions were lost; nothing sensible can follow.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <liburing.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/loop/detail/io_uring_backend.hpp>

namespace hocket {
namespace {

constexpr unsigned submission_entries = 1024;
constexpr unsigned completion_entries = 8192;
constexpr int buffer_group = 1;

// user_data of entries that are not requests
constexpr std::uint64_t ignored = 0;
constexpr std::uint64_t woken = 1;

// phases of io_op::receive
constexpr std::uint8_t selecting = 0;       // the kernel takes a buffer when bytes come
constexpr std::uint8_t waiting = 1;         // no buffer was left: for readiness
constexpr std::uint8_t receiving_heap = 2;  // into a buffer from the heap

}  // namespace

struct io_uring_backend::ring {
  io_uring io{};
  io_uring_buf_ring* buffers = nullptr;
  open_how how{};
  bool enabled = false;

  explicit ring(unsigned entries, unsigned completions) {
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    parameters.cq_entries = completions;
    const int error = io_uring_queue_init_params(entries, &io, &parameters);
    if (error < 0) throw std::system_error(-error, std::system_category(), "io_uring is not available here");
  }
  ~ring() {
    io_uring_queue_exit(&io);
    if (buffers != nullptr) ::munmap(buffers, buffer_pool::count * sizeof(io_uring_buf));
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
    const std::size_t size = buffer_pool::count * sizeof(io_uring_buf);
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
    : backend(owner), ring_(std::make_unique<ring>(submission_entries, completion_entries)) {
  const io_uring_sq& submissions = ring_->io.sq;
  ring_view_ = {.tail = &submissions.sqe_tail,
                .head = &submissions.sqe_head,
                .flags = submissions.kflags,
                .mask = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW};
  ring_->register_buffers();
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (wake_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
  buffers_.hand_over(
      [](void* self, std::uint32_t slot) noexcept { static_cast<io_uring_backend*>(self)->provide(slot); }, this);
  for (std::uint32_t slot = 0; slot < buffer_pool::count; ++slot) provide(slot);
  listen_for_wake();
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

void io_uring_backend::wake() noexcept {
  const std::uint64_t one = 1;
  static_cast<void>(::write(wake_, &one, sizeof one));
}

bool io_uring_backend::start(io_request& request) {
  request.completed = false;
  request.stopping = false;
  request.phase = 0;
  submit(request);
  began(request);
  return false;
}

void io_uring_backend::submit(io_request& request) {
  io_uring_sqe* sqe = ring_->entry();
  const int number = request.target != nullptr ? request.target->number() : -1;
  auto* data = static_cast<char*>(request.data);
  const auto left = static_cast<unsigned>(std::min<std::size_t>(request.length - request.transferred, 1U << 30));
  const auto offset = static_cast<std::uint64_t>(request.offset);
  switch (request.op) {
    case io_op::receive:
      if (request.phase == selecting) {
        io_uring_prep_recv(sqe, number, nullptr, buffer_pool::buffer_size_bytes, 0);
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = buffer_group;
      } else if (request.phase == waiting) {
        io_uring_prep_poll_add(sqe, number, POLLIN);
      } else {
        io_uring_prep_recv(sqe, number, buffers_.memory(request.slot), buffer_pool::buffer_size_bytes, 0);
      }
      break;
    case io_op::recv:
      io_uring_prep_recv(sqe, number, data, left, 0);
      break;
    case io_op::send:
      io_uring_prep_send(sqe, number, data + request.transferred, left, MSG_NOSIGNAL | MSG_WAITALL);
      break;
    case io_op::accept:
      io_uring_prep_accept(sqe, number, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    case io_op::connect:
      io_uring_prep_connect(sqe, number, static_cast<const sockaddr*>(request.data),
                            static_cast<socklen_t>(request.length));
      break;
    case io_op::poll:
      io_uring_prep_poll_add(sqe, number, request.flags);
      break;
    case io_op::open:
      io_uring_prep_openat(sqe, AT_FDCWD, data, static_cast<int>(request.flags) | O_CLOEXEC, request.mode);
      break;
    case io_op::open_beneath:
      // Copied by the kernel when the entry is submitted, at the latest at the end of this turn; all of a turn's opens
      // beneath would have to agree, so each is handed over at once.
      ring_->how = {
          .flags = request.flags | O_CLOEXEC, .mode = request.mode, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
      io_uring_prep_openat2(sqe, number, data, &ring_->how);
      break;
    case io_op::read:
      io_uring_prep_read(sqe, number, data, left, offset);
      break;
    case io_op::write:
      io_uring_prep_write(sqe, number, data + request.transferred, left,
                          request.offset < 0 ? offset : offset + request.transferred);
      break;
    case io_op::fsync:
      io_uring_prep_fsync(sqe, number, 0);
      break;
  }
  io_uring_sqe_set_data(sqe, &request);
  if (request.op == io_op::open_beneath) ring_->hand_over();
}

bool io_uring_backend::cancel(io_request& request) {
  if (request.completed) return false;
  request.stopping = true;
  io_uring_sqe* sqe = ring_->entry();
  io_uring_prep_cancel(sqe, &request, 0);
  io_uring_sqe_set_data64(sqe, ignored);
  return true;
}

void io_uring_backend::collect(std::optional<std::chrono::nanoseconds> limit) {
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

void io_uring_backend::completed(io_request& request, std::int32_t result, std::uint32_t flags) {
  const bool whole = request.op == io_op::send || request.op == io_op::write;
  if (request.op == io_op::receive) {
    receive_completed(request, result, flags);
  } else if (whole && result > 0) {
    request.transferred += static_cast<std::size_t>(result);
    if (request.transferred == request.length)
      complete(request, 0);
    else
      go_on(request);
  } else if (result == -EINTR && request.op != io_op::connect) {
    complete(request, -ECANCELED);  // a cancelled call on a kernel thread ends so
  } else {
    complete(request, result);
  }
}

// A part of the request is done. Its next part is a new entry, which a cancellation of the last one would miss.
void io_uring_backend::go_on(io_request& request) {
  if (request.stopping || draining_)
    complete(request, -ECANCELED);
  else
    submit(request);
}

void io_uring_backend::receive_completed(io_request& request, std::int32_t result, std::uint32_t flags) {
  if (request.phase == selecting && result == -ENOBUFS) {
    request.phase = waiting;
    return go_on(request);
  }
  if (request.phase == waiting && result >= 0) {
    request.phase = receiving_heap;
    if (!request.stopping && !draining_) request.slot = buffers_.take();
    return go_on(request);
  }
  const bool has_buffer = request.phase == receiving_heap || (flags & IORING_CQE_F_BUFFER) != 0;
  if (request.phase == selecting) request.slot = flags >> IORING_CQE_BUFFER_SHIFT;
  if (has_buffer && result <= 0) buffers_.give_back(request.slot);
  complete(request, result);
}

void io_uring_backend::drain() noexcept {
  draining_ = true;
  try {
    io_uring_sqe* sqe = ring_->entry();
    io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL);
    io_uring_sqe_set_data64(sqe, ignored);
    while (in_flight() > 0) collect(std::nullopt);
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
