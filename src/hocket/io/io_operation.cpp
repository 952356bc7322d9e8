#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/base/process_table.hpp>
#include <hocket/io/io_operation.hpp>

namespace hocket::detail {

template <>
struct process_layout<io_operation> {
  static constexpr shown_types<1> types{{
      {&typeid(io_operation),
       shown_type::meaning::asks_system,
       {offsetof(io_operation, request_) + offsetof(io_request, target), offsetof(descriptor, number_)}},
  }};
};
HOCKET_SHOW(shown_types<1>, hocket_shows_io) = process_layout<io_operation>::types;
HOCKET_NOTE(2, hocket_shows_io);

// A task whose I/O never has to wait would starve the others: after this many completions in a row it queues.
static constexpr unsigned most_inline_completions = 64;

io_operation::io_operation(io_operation&& other) noexcept : operation(static_cast<operation&&>(other)) {
  request_.op = other.request_.op;
  request_.flags = other.request_.flags;
  request_.target = std::exchange(other.request_.target, nullptr);
  request_.data = other.request_.data;
  request_.length = other.request_.length;
  limit_kind_ = other.limit_kind_;
  deadline_ = other.deadline_;
}

// What is asked of a path has no descriptor; anything else without one is asked of a closed socket or file.
bool io_operation::needs_target() const noexcept {
  switch (request_.op) {
    case io_op::open:
    case io_op::stat:
    case io_op::rename:
    case io_op::make_directory:
    case io_op::remove:
    case io_op::link:
    case io_op::symlink:
    case io_op::read_link:
      return false;
    default:
      return true;
  }
}

std::string io_operation::what_failed(const char* name) const {
  if (request_.target == nullptr || request_.target->path().empty()) return name;
  return fmt::format("cannot {} '{}'", name, request_.target->path());
}

bool io_operation::await_ready() {
  if (limit_kind_ == operation_limit::kind::passed) return true;
  if (refuse_if_cancelled()) return true;
  if (needs_target() && (request_.target == nullptr || request_.target->is_closing())) {
    fail(request_.target == nullptr ? EBADF : ECANCELED);
    return true;
  }
  if (is_limited()) task()->owner().expect_timer();  // what could throw later, with the system at work
  request_.done = this;
  if (here.observer != nullptr) [[unlikely]]
    if (const int error = here.observer->starting(request_); error != 0) {
      fail(error);
      request_.completed = completed_inline_ = true;  // it queues, as if the system had answered later
      return false;
    }
  backend& system = task()->owner().io();
  system.counters().submitted(request_);
  monitor* const told = task()->owner().monitor();
  if (told != nullptr) [[unlikely]]
    told->operation_submitted(request_);
  if (!system.start(request_)) return false;
  if (told != nullptr) [[unlikely]]
    told->operation_completed(request_);
  completed_inline_ = ++here.inline_completions >= most_inline_completions;
  return !completed_inline_;
}

void io_operation::await_suspend(std::coroutine_handle<> waiter) {
  suspend(waiter);
  if (completed_inline_)
    wake();
  else if (is_limited() && !request_.completed)  // a cancellation may have ended it already
    arm();
}

void io_operation::arm() noexcept {
  loop& owner = task()->owner();
  request_.timed = true;
  const bool is_relative = limit_kind_ == operation_limit::kind::after;
  owner.schedule_at(*this, is_relative ? owner.time_after(deadline_.time_since_epoch()) : deadline_);
}

void io_operation::run() noexcept {
  if (!request_.timed || request_.completed) return resume();
  expired_ = true;
  stop();
}

bool io_operation::stop() noexcept {
  stop_asked_ |= task()->owner().io().cancel(request_);
  return false;  // what comes of it is known when it completes
}

std::expected<std::int32_t, std::error_code> io_operation::outcome() {
  if (request_.completed) task()->owner().io().counters().completed(request_);
  if (limit_kind_ == operation_limit::kind::passed) throw timeout_error{};
  if (was_stopped() || (stop_asked_ && request_.result == -ECANCELED)) {
    if (expired_ && !task()->must_throw()) throw timeout_error{};
    task()->throw_cancelled();
  }
  if (request_.result < 0) return std::unexpected(std::error_code(-request_.result, std::system_category()));
  return request_.result;
}

}  // namespace hocket::detail
