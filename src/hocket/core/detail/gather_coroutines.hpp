#pragma once

#include <exception>
#include <expected>
#include <tuple>
#include <utility>
#include <vector>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/detail/gather_tasks.hpp>
#include <hocket/core/task.hpp>

namespace hocket::detail {

/// The part of a gather of coroutines that knows nothing of their types: begins them, counts their ends, cancels them.
///
/// In the turn after the gather's each becomes a task and takes its first step, one after the other. A child that ends in it
/// leaves its result and is gone, so that a million short ones need the memory of one task.
class gather_of_coroutines : public operation {
 public:
  gather_of_coroutines(const gather_of_coroutines&) = delete;

  // g++ 12 copies an awaiter that is an lvalue.
  struct awaiter {
    gather_of_coroutines& wait;
    [[nodiscard]] bool await_ready() const noexcept { return wait.left_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) { wait.begin_and_wait(waiter); }
    void await_resume() { wait.ended(); }
  };
  /// Coroutines may borrow from the caller: the wait is for all, whatever fails.
  [[nodiscard]] awaiter all(until) noexcept { return {*this}; }

  bool stop() noexcept override;

  /// Throws the error that came first, if there is one.
  void throw_first_error() const {
    if (first_error_ != nullptr) std::rethrow_exception(*first_error_);
  }

 protected:
  template <class>
  friend struct process_layout;

  struct child_link {};
  /// Stands among the waiters of a child that waits, and is part of its record.
  class watcher : public ready_node, public list_link<child_link> {
   public:
    watcher(gather_of_coroutines& owner, task_base& child) noexcept : owner_(owner), child_(child) {}
    [[nodiscard]] task_base& watched() const noexcept { return child_; }
    [[nodiscard]] task_base* wakes() noexcept override { return owner_.wakes(); }

   protected:
    template <class>
    friend struct process_layout;
    ~watcher() = default;
    gather_of_coroutines& owner_;
    task_base& child_;
  };

  template <class T>
  class child;

  explicit gather_of_coroutines(std::size_t count) noexcept : left_(count) {}
  ~gather_of_coroutines() = default;

  /// Calls `begin` for the one in this place.
  virtual void begin_nth(std::size_t place) noexcept = 0;
  /// All were begun.
  virtual void forget_works() noexcept {}

  template <class T>
  void begin(coro<T>& work, result<T>& outcome) noexcept;

 private:
  /// Begins the children in the next turn; a turn later it reports those that ended in their first step.
  class starter final : public ready_node {
   public:
    explicit starter(gather_of_coroutines& owner) noexcept : owner_(owner) {}
    void run() noexcept override { owner_.run_starter(); }

   private:
    gather_of_coroutines& owner_;
  };

  void begin_all() noexcept;
  [[nodiscard]] bool begin_in_any_order() noexcept;
  void begin_and_wait(std::coroutine_handle<> waiter);
  void run_starter() noexcept;
  void ended();
  void children_ended(std::size_t count) noexcept;
  template <class T>
  static void collect(task_record<T>& child, result<T>& outcome) noexcept;
  template <class T>
  void note_error(const result<T>& outcome) noexcept {
    if (outcome.has_error() && first_error_ == nullptr) first_error_ = &outcome.error();
  }

  starter starter_{*this};
  intrusive_list<watcher, child_link> waiting_;
  std::size_t left_;
  std::size_t ended_at_once_ = 0;
  const std::exception_ptr* first_error_ = nullptr;
  bool begun_ = false;
  bool passed_on_ = false;  // a cancellation, to the children
};

template <class T>
class gather_of_coroutines::child final : public task_record<T> {
 public:
  child(gather_of_coroutines& owner, coro<T> work, std::source_location created, result<T>& outcome)
      : task_record<T>(loop::running(), std::move(work), nullptr, owner.task()->context(), created),
        watcher_(owner, *this, outcome) {}

  /// False if it ended in it. In it the gather may be cancelled, and must then find this child.
  bool take_first_step() noexcept {
    watcher_.owner_.waiting_.push_back(watcher_);
    this->start_eagerly();
    if (this->done())
      watcher_.list_link<child_link>::unlink();
    else
      this->add_waiter(watcher_);
    return !this->done();
  }

 private:
  class my_watcher final : public watcher {
   public:
    my_watcher(gather_of_coroutines& owner, child& mine, result<T>& outcome) noexcept
        : watcher(owner, mine), outcome_(outcome) {}
    void run() noexcept override {
      gather_of_coroutines& owner = this->owner_;
      this->list_link<child_link>::unlink();
      collect(static_cast<child&>(this->child_), outcome_);
      owner.note_error(outcome_);
      this->child_.release();  // with it goes this watcher
      owner.children_ended(1);
    }

   private:
    friend child;
    result<T>& outcome_;
  };

  my_watcher watcher_;
};

template <class T>
void gather_of_coroutines::begin(coro<T>& work, result<T>& outcome) noexcept {
  coro<T> mine = std::move(work);
  try {
    if (passed_on_) {  // before its first step: the body never runs
      mine.close();
      throw cancelled{};
    }
    const std::source_location created = mine.created();
    auto* const made = new child<T>(*this, std::move(mine), created, outcome);
    if (made->take_first_step()) return;
    collect(*made, outcome);
    made->release();
  } catch (...) {
    outcome.set_error(std::current_exception());
  }
  ++ended_at_once_;
  note_error(outcome);
}

template <class T>
void gather_of_coroutines::collect(task_record<T>& child, result<T>& outcome) noexcept {
  try {
    if (child.was_cancelled())
      outcome.set_error(std::make_exception_ptr(cancelled{}));
    else if (child.failed())
      outcome.set_error(child.error());
    else
      outcome.take_over(child.result());
  } catch (...) {
    outcome.set_error(std::current_exception());  // the value could not be moved
  }
}

template <class T>
value_or_monostate<T> value_of(result<T>& outcome) {
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return outcome.take();
}

template <class T>
std::expected<T, std::exception_ptr> outcome_of(result<T>& outcome) {
  if (outcome.has_error()) return std::unexpected(outcome.error());
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return outcome.take();
}

template <class... T>
class gathered_coroutines final : public gather_of_coroutines {
 public:
  explicit gathered_coroutines(coro<T>... works) : gather_of_coroutines(sizeof...(T)), works_(std::move(works)...) {}

  [[nodiscard]] auto values() {
    return std::apply([](auto&... each) { return std::tuple<value_or_monostate<T>...>{value_of(each)...}; }, outcomes_);
  }
  [[nodiscard]] auto outcomes() {
    return std::apply(
        [](auto&... each) { return std::tuple<std::expected<T, std::exception_ptr>...>{outcome_of(each)...}; },
        outcomes_);
  }

 private:
  void begin_nth(std::size_t place) noexcept override { begin_if(place, std::index_sequence_for<T...>{}); }
  template <std::size_t... index>
  void begin_if(std::size_t place, std::index_sequence<index...>) noexcept {
    ((index == place ? this->begin(std::get<index>(works_), std::get<index>(outcomes_)) : void()), ...);
  }

  std::tuple<coro<T>...> works_;
  std::tuple<result<T>...> outcomes_;
};

template <class T>
class gathered_coroutine_vector final : public gather_of_coroutines {
 public:
  explicit gathered_coroutine_vector(std::vector<coro<T>> works)
      : gather_of_coroutines(works.size()), works_(std::move(works)), outcomes_(works_.size()) {}

  [[nodiscard]] auto values() {
    std::vector<value_or_monostate<T>> all;
    all.reserve(outcomes_.size());
    for (auto& each : outcomes_) all.push_back(value_of(each));
    return all;
  }
  [[nodiscard]] auto outcomes() {
    std::vector<std::expected<T, std::exception_ptr>> all;
    all.reserve(outcomes_.size());
    for (auto& each : outcomes_) all.push_back(outcome_of(each));
    return all;
  }

 private:
  void begin_nth(std::size_t place) noexcept override { this->begin(works_[place], outcomes_[place]); }
  void forget_works() noexcept override { std::vector<coro<T>>().swap(works_); }

  std::vector<coro<T>> works_;
  std::vector<result<T>> outcomes_;
};

}  // namespace hocket::detail
