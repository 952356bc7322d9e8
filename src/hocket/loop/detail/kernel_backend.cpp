#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/base/assert.hpp>
#include <hocket/loop/detail/fifo_calls.hpp>
#include <hocket/loop/detail/file_calls.hpp>
#include <hocket/loop/detail/interface_calls.hpp>
#include <hocket/loop/detail/kernel_backend.hpp>
#include <hocket/loop/detail/pipe_calls.hpp>
#include <hocket/loop/detail/socket_calls.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

static int answer(int returned) noexcept { return returned < 0 ? -errno : returned; }

int kernel_backend::socket(int family, int type, int protocol) {
  return answer(::socket(family, type | SOCK_CLOEXEC | nonblocking(), protocol));
}

int kernel_backend::socketpair(int family, int type, int protocol, int (&numbers)[2]) {
  return answer(::socketpair(family, type | SOCK_CLOEXEC | nonblocking(), protocol, numbers));
}

int kernel_backend::pipe(int (&numbers)[2]) {
  return answer(::pipe2(numbers, O_CLOEXEC | (nonblocking() != 0 ? O_NONBLOCK : 0)));
}

int kernel_backend::set_pipe_size(int number, int bytes) { return answer(::fcntl(number, F_SETPIPE_SZ, bytes)); }

int kernel_backend::duplicate(int number) {
  const int opened = detail::open_terminal_anew(number);  // it may be somebody else's
  if (opened > STDERR_FILENO) return opened;
  const int copy = answer(::fcntl(opened < 0 ? number : opened, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (opened >= 0) ::close(opened);
  return copy;
}

int kernel_backend::bind(int number, const sockaddr* address, socklen_t size) {
  return answer(::bind(number, address, size));
}

int kernel_backend::listen(int number, int backlog) { return answer(::listen(number, backlog)); }

int kernel_backend::setsockopt(int number, int level, int option, const void* value, socklen_t size) {
  return answer(::setsockopt(number, level, option, value, size));
}

int kernel_backend::getsockopt(int number, int level, int option, void* value, socklen_t* size) {
  return answer(::getsockopt(number, level, option, value, size));
}

int kernel_backend::getsockname(int number, sockaddr* address, socklen_t* size) {
  return answer(::getsockname(number, address, size));
}

int kernel_backend::getpeername(int number, sockaddr* address, socklen_t* size) {
  return answer(::getpeername(number, address, size));
}

int kernel_backend::shutdown(int number, int how) noexcept { return answer(::shutdown(number, how)); }

int kernel_backend::sendmsg(int number, const msghdr& message) {
  for (;;) {
    const ssize_t sent = ::sendmsg(number, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != EINTR) return answer(static_cast<int>(sent));
  }
}

int kernel_backend::poll_now(int number, short events) noexcept {
  pollfd state{.fd = number, .events = events, .revents = 0};
  int count = 0;
  do count = ::poll(&state, 1, 0);
  while (count < 0 && errno == EINTR);  // also of one that does not wait
  return count > 0 ? state.revents : answer(count);
}

int kernel_backend::fstat(int number, struct stat& state) { return answer(::fstat(number, &state)); }

std::int64_t kernel_backend::lseek(int number, std::int64_t offset, int whence) {
  const std::int64_t position = ::lseek(number, offset, whence);
  return position < 0 ? -errno : position;
}

int kernel_backend::open_now(const char* path, int flags, unsigned mode) {
  return answer(::open(path, flags | O_CLOEXEC, mode));
}

int kernel_backend::lstat(const char* path, struct stat& state) { return answer(::lstat(path, &state)); }

int kernel_backend::unlink(const char* path) noexcept { return answer(::unlink(path)); }

int kernel_backend::rmdir(const char* path) noexcept { return answer(::rmdir(path)); }

int kernel_backend::chmod(const char* path, unsigned mode) { return answer(::chmod(path, mode)); }

int kernel_backend::fchmod(int number, unsigned mode) { return answer(::fchmod(number, mode)); }

int kernel_backend::if_nametoindex(const char* name) { return detail::interface_index_of(name); }

int kernel_backend::if_indextoname(unsigned index, std::string& name) { return detail::interface_name_of(index, name); }

// Opened once more, so that reading moves nobody's position.
int kernel_backend::read_directory(int number, std::vector<directory_entry>& entries, std::size_t most) {
  const int again = ::openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(again < 0 ? nullptr : ::fdopendir(again), ::closedir);
  if (stream == nullptr) {
    const int error = errno;
    if (again >= 0) ::close(again);
    return -error;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (entries.size() == most) return 0;
    entries.push_back({std::string(name), entry->d_type});
    errno = 0;
  }
  return -errno;
}

int kernel_backend::getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  return ::getaddrinfo(host, service, hints, found);
}

void kernel_backend::freeaddrinfo(addrinfo* found) noexcept { ::freeaddrinfo(found); }

int kernel_backend::getnameinfo(const sockaddr* address, socklen_t size, std::string& host, std::string& service,
                                int flags) {
  std::array<char, NI_MAXHOST> host_text{};
  std::array<char, NI_MAXSERV> service_text{};
  const int error =
      ::getnameinfo(address, size, host_text.data(), host_text.size(), service_text.data(), service_text.size(), flags);
  if (error != 0) return error;
  host = host_text.data();
  service = service_text.data();
  return 0;
}

// Runs a file request on the blocking pool. Allocated for each: a file call costs microseconds.
class kernel_backend::file_job final : public blocking_job, public ready_node, public arena_allocated {
 public:
  file_job(kernel_backend& owner, io_request& request) noexcept : owner_(owner), request_(request) {}

  void work() noexcept override {
    result_ = detail::call_blocking(request_);
    owner_.loop_.post(*this);
  }

  void run() noexcept override {
    request_.details->job = nullptr;
    --owner_.offloaded_;
    owner_.complete_open(request_, result_);
    delete this;
  }

 private:
  kernel_backend& owner_;
  io_request& request_;
  std::int32_t result_ = 0;
};

void kernel_backend::offload(io_request& request) {
  hand_to_pool(request);
  began(request);
}

void kernel_backend::hand_to_pool(io_request& request) {
  HOCKET_ASSERT(request.details != nullptr, "a request that the blocking pool has to do came without details");
  auto job = std::make_unique<file_job>(*this, request);
  loop_.blocking().submit(*job);
  request.details->job = job.release();
  ++offloaded_;
}

bool kernel_backend::cancel_offloaded(io_request& request) {
  auto* const job = static_cast<file_job*>(request.details->job);
  if (!loop_.blocking().withdraw(*job)) {
    request.stopping = true;  // it ends when the call returns
    return true;
  }
  delete job;
  request.details->job = nullptr;
  --offloaded_;
  complete(request, -ECANCELED);
  return true;
}

// Nothing in the kernel that can be waited for, and given up, tells that a FIFO's other end is opened. So it is looked at again and
// again, after pauses that double up to one that nobody notices and that costs nothing. Who reads holds his end open meanwhile: whoever
// opens it to write finds him there.
class kernel_backend::other_end_wait final : public timer_node,
                                             public list_link<other_end_wait>,
                                             public arena_allocated {
 public:
  other_end_wait(kernel_backend& owner, io_request& request, std::int32_t opened) noexcept
      : owner_(owner), request_(request), number_(opened) {}

  void begin() {
    owner_.loop_.expect_timer();
    request_.details->second = this;
    request_.phase = awaiting_other_end;
    owner_.waits_.push_back(*this);
    pause();
  }

  void run() noexcept override {
    if (const auto answer = look()) return end(*answer);
    try {
      pause();
    } catch (const std::bad_alloc&) {
      cancel(-ENOMEM);
    }
  }

  void cancel(std::int32_t answer) noexcept {
    owner_.loop_.unschedule(*this);
    if (number_ >= 0) ::close(number_);
    end(answer);
  }

  [[nodiscard]] std::optional<std::int32_t> look() noexcept {
    if (number_ < 0) {
      const std::int32_t opened = detail::open_without_waiting(request_);
      if (opened >= 0) detail::let_wait(opened);
      return opened == -ENXIO ? std::nullopt : std::optional(opened);
    }
    const int answer = detail::had_other_end(request_, number_);
    if (answer == 0) return std::nullopt;
    if (answer > 0) {
      detail::let_wait(number_);
      return number_;
    }
    ::close(number_);
    return answer;
  }

 private:
  static constexpr std::chrono::milliseconds first_pause{1};
  static constexpr std::chrono::milliseconds longest_pause{32};

  void pause() {
    owner_.loop_.schedule_at(*this, owner_.loop_.time_after(pause_));
    pause_ = std::min(2 * pause_, longest_pause);
  }

  void end(std::int32_t answer) noexcept {
    static_cast<list_link<other_end_wait>&>(*this).unlink();
    request_.details->second = nullptr;
    request_.phase = 0;
    owner_.complete(request_, answer);
    delete this;
  }

  kernel_backend& owner_;
  io_request& request_;
  const std::int32_t number_;
  std::chrono::milliseconds pause_ = first_pause;
};

void kernel_backend::complete_open(io_request& request, std::int32_t result) noexcept {
  const bool may_wait = detail::waits_for_other_end(request) && (result >= 0 || result == -ENXIO);
  if (!may_wait || !(result >= 0 ? detail::is_fifo(result) : detail::leads_to_fifo(request)))
    return complete(request, result);
  if (request.stopping) {
    if (result >= 0) ::close(result);
    return complete(request, -ECANCELED);
  }
  try {
    wait_for_other_end(request, result);
  } catch (const std::bad_alloc&) {
    if (result >= 0) ::close(result);
    complete(request, -ENOMEM);
  }
}

void kernel_backend::wait_for_other_end(io_request& request, std::int32_t opened) {
  auto wait = std::make_unique<other_end_wait>(*this, request, opened);
  if (const auto answer = wait->look()) return complete(request, *answer);
  wait->begin();
  static_cast<void>(wait.release());
}

bool kernel_backend::cancel_open(io_request& request) noexcept {
  static_cast<other_end_wait*>(request.details->second)->cancel(-ECANCELED);
  return true;
}

void kernel_backend::end_waits_for_other_ends() noexcept {
  while (!waits_.empty()) waits_.front().cancel(-ECANCELED);
}

// Linux closes the number even when it reports an error; trying again could close somebody else's.
void kernel_backend::close_number(int number) noexcept { ::close(number); }

bool kernel_backend::is_of_pipe(const io_request& request) noexcept {
  const bool is_of_file = request.op == io_op::read || request.op == io_op::write || request.op == io_op::read_pieces ||
                          request.op == io_op::write_pieces;
  return is_of_file && request.details->offset < 0 && detail::nature_of(*request.target) == descriptor::nature::pipe;
}

std::optional<std::int32_t> kernel_backend::try_now(io_request& request) {
  if (request.op != io_op::receive) return detail::try_call(request, nonblocking());
  const std::uint32_t slot = buffers_.take();
  const auto outcome = detail::try_receive(*request.target, buffers_.memory(slot), buffer_pool::buffer_size_bytes);
  if (outcome && *outcome > 0)
    request.slot = slot;
  else
    buffers_.give_back(slot);
  return outcome;
}

}  // namespace hocket
