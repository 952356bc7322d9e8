#pragma once

#include <exception>
#include <expected>
#include <memory>
#include <tuple>
#include <variant>
#include <vector>

#include <hocket/core/task.hpp>

namespace hocket::detail {

enum class until : std::uint8_t { all_ended, first_error };

template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Waits for a number of tasks. Cancelled, it cancels them all and ends when they have; from then on it is deaf.
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
  void add(task_base& child);

 private:
  // Stands among a child's waiters.
  class watcher final : public ready_node {
   public:
    watcher(gather_of_tasks& owner, task_base& child) noexcept : owner_(owner), child_(child) { child.retain(); }
    ~watcher() {
      if (is_linked()) unlink();
      child_.release();
    }
    void run() noexcept override { owner_.child_ended(child_); }
    [[nodiscard]] task_base& child() const noexcept { return child_; }

   private:
    gather_of_tasks& owner_;
    task_base& child_;
  };

  void child_ended(task_base& child) noexcept;
  void ended();
  [[nodiscard]] bool has_enough() const noexcept {
    return left_ == 0 || (first_error_ != nullptr && until_ == until::first_error && !passed_on_);
  }

  watcher* watchers_;  // a block for `capacity_`, so that they never move
  std::size_t capacity_;
  std::size_t count_ = 0;
  std::size_t left_ = 0;
  task_base* first_error_ = nullptr;
  until until_ = until::all_ended;
  bool passed_on_ = false;  // a cancellation, to the children
};

/// Others that hold the task keep its value, if it can be copied.
template <class T>
value_or_monostate<T> value_of(const hocket::task<T>& done) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    if constexpr (std::is_copy_constructible_v<T>) return done.record()->result().look();
    return done.record()->result().take();
  }
}

template <class T>
std::expected<T, std::exception_ptr> outcome_of(const hocket::task<T>& done) {
  if (done.was_cancelled()) return std::unexpected(std::make_exception_ptr(cancelled{}));
  if (done.record()->failed()) return std::unexpected(done.record()->error());
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return value_of(done);
}

template <class... T>
class gathered_tasks final : public gather_of_tasks {
 public:
  explicit gathered_tasks(hocket::task<T>... tasks) : gather_of_tasks(sizeof...(T)), tasks_(std::move(tasks)...) {
    std::apply([this](auto&... each) { (this->add(*each.record()), ...); }, tasks_);
  }
  [[nodiscard]] auto values() const {
    return std::apply([](auto&... each) { return std::tuple<value_or_monostate<T>...>{value_of(each)...}; }, tasks_);
  }
  [[nodiscard]] auto outcomes() const {
    return std::apply(
        [](auto&... each) { return std::tuple<std::expected<T, std::exception_ptr>...>{outcome_of(each)...}; }, tasks_);
  }

 private:
  std::tuple<hocket::task<T>...> tasks_;
};

template <class T>
class gathered_task_vector final : public gather_of_tasks {
 public:
  explicit gathered_task_vector(std::vector<hocket::task<T>> tasks)
      : gather_of_tasks(tasks.size()), tasks_(std::move(tasks)) {
    for (auto& each : tasks_) add(*each.record());
  }
  [[nodiscard]] auto values() const {
    std::vector<value_or_monostate<T>> all;
    all.reserve(tasks_.size());
    for (auto& each : tasks_) all.push_back(value_of(each));
    return all;
  }
  [[nodiscard]] auto outcomes() const {
    std::vector<std::expected<T, std::exception_ptr>> all;
    all.reserve(tasks_.size());
    for (auto& each : tasks_) all.push_back(outcome_of(each));
    return all;
  }

 private:
  std::vector<hocket::task<T>> tasks_;
};

}  // namespace hocket::detail
