#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>
#include <source_location>
#include <string>
#include <system_error>
#include <utility>

#include <hocket/core/limited_operation.hpp>
#include <hocket/core/operation.hpp>

namespace hocket {

/// The owner of an open descriptor of the running loop. Closing (or destroying) it ends what is in flight on it with
/// `std::errc::operation_canceled`; the number is given back when the last of these has ended.
class io_handle {
 public:
  io_handle() noexcept = default;
  /// Takes ownership of an open file descriptor, also when it throws. Its flags, options and owner stay as they are, for
  /// others may share it (dup(2), fork(2)).
  explicit io_handle(int number, std::source_location where = std::source_location::current())
      : record_(loop::running().io().adopt(number, backend::origin::adopted, where)) {}
  /// The same for one that the loop's backend has made.
  struct made_here {};
  io_handle(int number, made_here, std::source_location where = std::source_location::current(), std::string path = {})
      : record_(loop::running().io().adopt(number, backend::origin::made_here, where, std::move(path))) {}
  io_handle(io_handle&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  io_handle& operator=(io_handle&& other) noexcept {
    if (this != &other) {
      close();
      record_ = std::exchange(other.record_, nullptr);
    }
    return *this;
  }
  ~io_handle() { close(); }

  [[nodiscard]] bool is_open() const noexcept { return record_ != nullptr; }
  [[nodiscard]] descriptor* record() const noexcept { return record_; }
  /// The file descriptor, or -1. It stays this object's.
  [[nodiscard]] int number() const noexcept { return record_ != nullptr ? record_->number() : -1; }

  void close() noexcept {
    if (descriptor* closing = std::exchange(record_, nullptr)) closing->owner().close(closing);
  }

 private:
  descriptor* record_ = nullptr;
};

namespace detail {

/// One request to the system, awaited: the part of every I/O operation that is the same.
///
/// A cancellation that is pending is thrown before anything starts; one that arrives later asks the system to stop, and the
/// wait ends with what the system says: if that is success, the result is returned and the request stays pending. A limit does
/// the same when time is up, and what ended by it throws `timeout_error`: while it waits for the system the node is free to
/// stand among the timers, as its own alarm.
class io_operation : public operation {
 public:
  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  bool stop() noexcept override;
  /// The alarm, as long as the system has not answered; then resumes the task.
  void run() noexcept override;

  /// How long it may take. Before it is awaited.
  void limit(operation_limit bound) noexcept {
    limit_kind_ = bound.bound;
    deadline_ = time_point(bound.time);
  }

 protected:
  io_operation(io_op op, descriptor* target) noexcept {
    request_.op = op;
    if (target != nullptr) aim_at(*target);
  }
  io_operation(io_operation&& other) noexcept;
  ~io_operation() {
    if (request_.target != nullptr) request_.target->release();
  }

  /// The system's answer, not negative, or the error. Throws `cancelled`, `timeout_error`.
  [[nodiscard]] std::expected<std::int32_t, std::error_code> outcome();

  /// For who reads of the error: "cannot read 'notes.txt'", or the name alone where there is no path.
  [[nodiscard]] std::string what_failed(const char* name) const;

  [[nodiscard]] static backend& io() noexcept { return loop::running().io(); }

  /// Closed or not, the record stays while this refers to it. Once.
  void aim_at(descriptor& target) noexcept {
    target.retain();
    request_.target = &target;
  }
  /// Ends it before it begins, as if the system had answered so.
  void fail(int error) noexcept { request_.result = -error; }

  io_request request_;

 private:
  template <class>
  friend struct process_layout;

  [[nodiscard]] bool needs_target() const noexcept;
  [[nodiscard]] bool is_limited() const noexcept { return limit_kind_ != operation_limit::kind::none; }
  void arm() noexcept;
};

/// One with details.
class detailed_operation : public io_operation {
 protected:
  detailed_operation(io_op op, descriptor* target) noexcept : io_operation(op, target) { request_.details = &details_; }
  detailed_operation(detailed_operation&& other) noexcept
      : io_operation(static_cast<io_operation&&>(other)), details_(other.details_) {
    request_.details = &details_;
  }

  io_details details_;
};

/// Gives a derived class its two faces: `co_await op` throws std::system_error, `co_await as_expected(op)` does not.
/// `Derived` has `Value convert(std::int32_t)` and `static constexpr const char* name`.
template <class Derived, class Value, class Base = io_operation>
class io_awaitable : public Base {
 public:
  Value await_resume() {
    auto answer = this->outcome();
    if (!answer) throw std::system_error(answer.error(), static_cast<Derived&>(*this).what_failed());
    return static_cast<Derived&>(*this).convert(*answer);
  }
  [[nodiscard]] std::expected<Value, std::error_code> expected() {
    auto answer = this->outcome();
    if (!answer) return std::unexpected(answer.error());
    if constexpr (std::is_void_v<Value>) {
      static_cast<Derived&>(*this).convert(*answer);
      return {};
    } else {
      return static_cast<Derived&>(*this).convert(*answer);
    }
  }

  [[nodiscard]] std::string what_failed() const { return io_operation::what_failed(Derived::name); }

 protected:
  using Base::Base;
};

template <class Derived, class Value>
using detailed_awaitable = io_awaitable<Derived, Value, detailed_operation>;

}  // namespace detail
}  // namespace hocket
