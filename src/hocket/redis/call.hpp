#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <hocket/loop/clock.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>
#include <hocket/sync/waiter.hpp>

namespace hocket::redis {

namespace detail {

class client_core;

/// A task waits for the answers to one or several commands that go to the server side by side.
class call_base : public hocket::detail::waiter_at<client_core> {
 public:
  call_base(call_base&&) noexcept = default;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  bool stop() noexcept override;

 protected:
  explicit call_base(std::shared_ptr<client_core> by) noexcept;

  [[nodiscard]] virtual std::size_t expected_replies() const noexcept = 0;
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  [[nodiscard]] virtual bool is_idempotent() const noexcept = 0;
  virtual void append_to(std::string& bytes) const = 0;
  virtual void take(reply&& answer) = 0;

  /// First in `await_resume`. An answer that came before a cancellation did is given all the same.
  void settle();

 private:
  friend class client_core;

  std::shared_ptr<client_core> core_;
  std::exception_ptr failure_;
  time_point asked_{};
  std::size_t number_ = 0;  // of its place among those in flight
  bool is_in_flight_ = false;
  unsigned sent_ = 0;  // so often
};

}  // namespace detail

/// A command that is sent when it is awaited, once; gives its answer as `T`.
///
/// Suspends until that has come. Commands of all tasks share a connection, and those of one turn go out in one send. Cancelled, it is not
/// sent if that has not begun, and else its answer is dropped when it comes, which disturbs nobody. An answer that has come is
/// given, though the task was cancelled meanwhile. Throws `response_error` if the server's answer is an error, `conversion_error`,
/// `connection_lost`, `timeout_error` after `client_options::command_timeout`, `client_closed`, `cancelled`.
template <class T>
class [[nodiscard]] call final : public detail::call_base {
 public:
  call(std::shared_ptr<detail::client_core> by, request what) noexcept
      : call_base(std::move(by)), request_(std::move(what)) {}
  call(call&&) noexcept = default;

  T await_resume() {
    settle();
    answer_.raise_for_error();
    return reply_conversion<T>::from(std::move(answer_));
  }

 private:
  [[nodiscard]] std::size_t expected_replies() const noexcept override { return 1; }
  [[nodiscard]] std::size_t size() const noexcept override { return request_.size(); }
  [[nodiscard]] bool is_idempotent() const noexcept override { return request_.is_idempotent(); }
  void append_to(std::string& bytes) const override { request_.append_to(bytes); }
  void take(reply&& answer) override { answer_ = std::move(answer); }

  request request_;
  reply answer_;
};

/// Several commands that go to the server side by side, nobody else's between them; gives all their answers, in order, errors too.
/// Otherwise as a `call`. Sent again only if all of them are idempotent.
class [[nodiscard]] batch_call final : public detail::call_base {
 public:
  batch_call(std::shared_ptr<detail::client_core> by, std::vector<request> what) noexcept
      : call_base(std::move(by)), requests_(std::move(what)) {}
  batch_call(batch_call&&) noexcept = default;

  [[nodiscard]] bool await_ready() const noexcept { return requests_.empty(); }
  std::vector<reply> await_resume() {
    settle();
    return std::move(answers_);
  }

 private:
  [[nodiscard]] std::size_t expected_replies() const noexcept override { return requests_.size(); }
  [[nodiscard]] std::size_t size() const noexcept override;
  [[nodiscard]] bool is_idempotent() const noexcept override;
  void append_to(std::string& bytes) const override;
  void take(reply&& answer) override { answers_.push_back(std::move(answer)); }

  std::vector<request> requests_;
  std::vector<reply> answers_;
};

}  // namespace hocket::redis
