#pragma once

#include <exception>
#include <expected>
#include <memory>
#include <tuple>
#include <variant>
#include <vector>

#include <hocket/core/future_like.hpp>
#include <hocket/core/task.hpp>

namespace hocket::detail {

enum class until : std::uint8_t { all_ended, first_error };

template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Waits for a number of tasks and futures. Cancelled, it cancels them all and ends when they have; from then on it is deaf.
class gather_of_tasks : public operation {
 public:
  explicit gather_of_tasks(std::size_t capacity);
  gather_of_tasks(const gather_of_tasks&) = delete;
  ~gather_of_tasks();

  // g++ 12 copies an awaiter that is an lvalue.
  struct awaiter {
    gather_of_tasks& wait;
    [[nodiscard]] bool await_ready() const noexcept { return wait.has_enough(); }
    void await_suspend(std::coroutine_handle<> waiter) { wait.suspend(waiter); }
    void await_resume() { wait.ended(); }
  };
  [[nodiscard]] awaiter all(until when) noexcept {
    until_ = when;
    return {*this};
  }

  bool stop() noexcept override;

  /// Throws the error that came first, if there is one.
  void throw_first_error() const;

 protected:
  template <class>
  friend struct process_layout;

  void add(future_base& child);

 private:
  // Stands among a child's waiters.
  class watcher final : public ready_node {
   public:
    watcher(gather_of_tasks& owner, future_base& child) noexcept : owner_(owner), child_(child) { child.retain(); }
    ~watcher() {
      if (is_linked()) unlink();
      child_.release();
    }
    void run() noexcept override { owner_.child_ended(child_); }
    [[nodiscard]] task_base* wakes() noexcept override { return owner_.wakes(); }
    [[nodiscard]] future_base& child() const noexcept { return child_; }

   private:
    template <class>
    friend struct process_layout;
    gather_of_tasks& owner_;
    future_base& child_;
  };

  void child_ended(future_base& child) noexcept;
  void ended();
  [[nodiscard]] bool has_enough() const noexcept {
    return left_ == 0 || (first_error_ != nullptr && until_ == until::first_error && !passed_on_);
  }

  watcher* watchers_;  // a block for `capacity_`, so that they never move
  std::size_t capacity_;
  std::size_t count_ = 0;
  std::size_t left_ = 0;
  future_base* first_error_ = nullptr;
  until until_ = until::all_ended;
  bool passed_on_ = false;  // a cancellation, to the children
};

template <class Handle>
using gathered_t = std::remove_cvref_t<await_result_t<Handle>>;

/// Others that hold it keep its value, if that can be copied.
template <future_like Handle>
value_or_monostate<gathered_t<Handle>> value_of(const Handle& done) {
  using value = gathered_t<Handle>;
  if constexpr (std::is_void_v<value>) {
    return {};
  } else {
    if constexpr (std::is_copy_constructible_v<value>) return done.record()->result().look();
    return done.record()->result().take();
  }
}

template <future_like Handle>
std::expected<gathered_t<Handle>, std::exception_ptr> outcome_of(const Handle& done) {
  future_base& record = *done.record();
  if (record.was_cancelled()) return std::unexpected(std::make_exception_ptr(cancelled{}));
  if (record.failed()) return std::unexpected(record.error());
  if constexpr (std::is_void_v<gathered_t<Handle>>)
    return {};
  else
    return value_of(done);
}

template <future_like... Handles>
class gathered_tasks final : public gather_of_tasks {
 public:
  explicit gathered_tasks(Handles... handles) : gather_of_tasks(sizeof...(Handles)), handles_(std::move(handles)...) {
    std::apply([this](auto&... each) { (this->add(*each.record()), ...); }, handles_);
  }
  [[nodiscard]] auto values() const {
    return std::apply(
        [](auto&... each) { return std::tuple<value_or_monostate<gathered_t<Handles>>...>{value_of(each)...}; },
        handles_);
  }
  [[nodiscard]] auto outcomes() const {
    return std::apply(
        [](auto&... each) {
          return std::tuple<std::expected<gathered_t<Handles>, std::exception_ptr>...>{outcome_of(each)...};
        },
        handles_);
  }

 private:
  std::tuple<Handles...> handles_;
};

template <future_like Handle>
class gathered_task_vector final : public gather_of_tasks {
 public:
  explicit gathered_task_vector(std::vector<Handle> handles)
      : gather_of_tasks(handles.size()), handles_(std::move(handles)) {
    for (auto& each : handles_) add(*each.record());
  }
  [[nodiscard]] auto values() const {
    std::vector<value_or_monostate<gathered_t<Handle>>> all;
    all.reserve(handles_.size());
    for (auto& each : handles_) all.push_back(value_of(each));
    return all;
  }
  [[nodiscard]] auto outcomes() const {
    std::vector<std::expected<gathered_t<Handle>, std::exception_ptr>> all;
    all.reserve(handles_.size());
    for (auto& each : handles_) all.push_back(outcome_of(each));
    return all;
  }

 private:
  std::vector<Handle> handles_;
};

}  // namespace hocket::detail
