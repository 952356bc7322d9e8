#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>
#include <sys/stat.h>

#include <hocket/base/error.hpp>
#include <hocket/loop/backend.hpp>
#include <hocket/loop/detail/epoll_backend.hpp>
#include <hocket/loop/detail/io_uring_backend.hpp>
#include <hocket/loop/detail/pipe_calls.hpp>
#include <hocket/loop/detail/poll_backend.hpp>
#include <hocket/loop/detail/select_backend.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

void backend::began(io_request& request) noexcept {
  ++in_flight_;
  if (descriptor* target = request.target) {
    ++target->count_;
    target->in_flight_.push_back(request);
  }
}

void backend::complete(io_request& request, std::int32_t result) noexcept {
  --in_flight_;
  ++completed_;
  request.result = result;
  request.completed = true;
  descriptor* target = request.target;
  if (target != nullptr) request.unlink();
  if (detail::monitor* const told = loop_.monitor()) [[unlikely]]
    told->operation_completed(request);
  if (request.timed) loop_.unschedule(static_cast<timer_node&>(*request.done));
  loop_.schedule(*request.done);
  if (target != nullptr && --target->count_ == 0 && target->closing_) finish_closing(target);
}

void backend::close(descriptor* target) noexcept {
  target->closing_ = true;
  if (target->count_ == 0) return finish_closing(target);
  ++target->count_;  // the cancellations may end the last operation
  target->in_flight_.for_each([this](io_request& request) { cancel(request); });
  if (--target->count_ == 0) finish_closing(target);
}

void backend::finish_closing(descriptor* target) noexcept {
  forget(*target);
  close_number(std::exchange(target->number_, -1));
  --open_;
  if (!made_at_.empty()) made_at_.erase(target);
  target->release();
}

void backend::report_open_descriptors() noexcept {
  for (const auto& [open, made_at] : made_at_) {
    try {
      loop_.call_exception_handler(
          {.message = fmt::format(
               "descriptor {} was open when its loop was closed: close it, or destroy its owner first", open->number()),
           .where = made_at});
    } catch (...) {
      std::fputs("hocket: a descriptor was open when its loop was closed\n", stderr);
    }
  }
}

backend::backend(loop& owner) : loop_(owner), forks_before_(forks_) {
  static const int failed = ::pthread_atfork(nullptr, nullptr, [] { ++forks_; });
  if (failed != 0) throw std::bad_alloc();
}

// A frame that was left behind may still refer to one.
backend::~backend() {
  for (borrowed_number* each : borrowed_)
    if (each != nullptr) each->release();
}

void backend::require_own_process() const {
  if (!is_in_own_process())
    throw invalid_state_error("a child of fork(2) cannot run its parent's event loop; make a new one");
}

descriptor* backend::adopt(int number, origin from, std::source_location made_at, std::string path) {
  descriptor* made = nullptr;
  try {
    require_usable(number);
    const bool is_adopted = from == origin::adopted;
    made = path.empty() ? new descriptor(*this, number, is_adopted)
                        : new file_descriptor(*this, number, is_adopted, std::move(path));
    if (loop_.debug()) made_at_.try_emplace(made, made_at);
    ++open_;
    return made;
  } catch (...) {
    if (made != nullptr) made->release();
    close_number(number);
    throw;
  }
}

descriptor* backend::borrow(int number) {
  struct stat state{};
  const int answer = number < 0 ? -EBADF : fstat(number, state);
  if (answer < 0) throw std::system_error(-answer, std::system_category(), fmt::format("descriptor {}", number));
  const auto place = static_cast<std::size_t>(number);
  if (place >= borrowed_.size()) borrowed_.resize(place + 1);
  borrowed_number*& record = borrowed_[place];
  if (record == nullptr) {
    require_usable(number);
    record = new borrowed_number(*this, number);
  } else if (record->ready.watched) {
    check_watched(*record);
  }
  record->is = detail::nature_of(state);
  ++record->borrowers_;
  return record;
}

void backend::give_back(descriptor* borrowed) noexcept {
  auto& record = static_cast<borrowed_number&>(*borrowed);
  if (--record.borrowers_ > 0) return;
  forget(*borrowed);
  borrowed_[static_cast<std::size_t>(std::exchange(borrowed->number_, -1))] = nullptr;
  borrowed->closing_ = true;
  borrowed->release();
}

void backend::cancel_borrowed(int number) noexcept {
  if (number < 0) return;
  if (descriptor* const found = borrowed(static_cast<std::size_t>(number)))
    found->in_flight_.for_each([this](io_request& request) { cancel(request); });
}

static backend_kind kind_from_environment() {
  const char* wanted = std::getenv("HOCKET_BACKEND");
  if (wanted == nullptr || *wanted == '\0') return backend_kind::automatic;
  if (std::string_view(wanted) == "io_uring") return backend_kind::io_uring;
  if (std::string_view(wanted) == "epoll") return backend_kind::epoll;
  if (std::string_view(wanted) == "poll") return backend_kind::poll;
  if (std::string_view(wanted) == "select") return backend_kind::select;
  throw error(fmt::format("HOCKET_BACKEND is '{}'; it must be 'io_uring', 'epoll', 'poll' or 'select'", wanted));
}

std::unique_ptr<backend> make_backend(loop& owner, backend_kind kind) {
  if (kind == backend_kind::automatic) kind = kind_from_environment();
  if (kind == backend_kind::epoll) return std::make_unique<epoll_backend>(owner);
  if (kind == backend_kind::poll) return std::make_unique<poll_backend>(owner);
  if (kind == backend_kind::select) return std::make_unique<select_backend>(owner);
  if (kind == backend_kind::io_uring || std::getenv("HOCKET_REQUIRE_IO_URING") != nullptr)
    return std::make_unique<io_uring_backend>(owner);
  if (io_uring_works()) {
    try {
      return std::make_unique<io_uring_backend>(owner);
    } catch (const std::system_error&) {  // not enough memory or descriptors for a ring of full size
    }
  }
  return std::make_unique<epoll_backend>(owner);
}

}  // namespace hocket
