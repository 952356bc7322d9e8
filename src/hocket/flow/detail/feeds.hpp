#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/base/attributes.hpp>
#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/core/task.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::flow::detail {

class feeds;

struct feed_place {};
struct feed_news {};

/// A source that a task of its own advances, by one item at a time: it then waits until that was taken and the next one asked
/// for. The part that knows nothing of the items. Counted: by its `feeds`, and by its task as long as that runs.
class feed_base : public list_link<feed_place>, public list_link<feed_news>, public arena_allocated {
 public:
  feed_base(const feed_base&) = delete;
  feed_base& operator=(const feed_base&) = delete;

  /// Has an item that was not taken.
  [[nodiscard]] bool has_item() const noexcept { return state_ == state::full; }
  /// Its task is gone.
  [[nodiscard]] bool has_ended() const noexcept { return state_ == state::ended; }
  /// Throws what its source threw, once. Not the `cancelled` that was asked for.
  void rethrow_error();

  /// Asks for the next item, if the last one was taken.
  void go_on() noexcept {
    if (state_ != state::emptied) return;
    state_ = state::fetching;
    asked_.set();
  }

  /// Asks its task to end; the source remains to be closed. An error that nobody was told of is dropped, as an item would be.
  void cancel() noexcept;
  [[nodiscard]] virtual hocket::detail::close_step close() noexcept = 0;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) delete this;
  }

 protected:
  feed_base(feeds& owner, std::shared_ptr<void> kept) noexcept : owner_(&owner), kept_(std::move(kept)) {}
  virtual ~feed_base() = default;

  // What its task tells.
  void begins() noexcept;
  void fetched();
  void ends() noexcept;
  void fails(std::exception_ptr error) noexcept { error_ = std::move(error); }
  [[nodiscard]] bool is_abandoned() const noexcept { return owner_ == nullptr; }

  [[nodiscard]] event::wait_operation asked() noexcept { return asked_.wait(); }
  void taken() noexcept { state_ = state::emptied; }

 private:
  friend feeds;
  template <class>
  friend struct hocket::detail::process_layout;
  enum class state : std::uint8_t { fetching, full, emptied, ended };

  feeds* owner_;
  std::shared_ptr<void> kept_;  // what the source refers to
  task<> task_;
  event asked_;
  std::exception_ptr error_;
  std::uint32_t references_ = 1;
  state state_ = state::fetching;
  bool dismissed_ = false;
};

template <class T>
class feed final : public feed_base {
 public:
  feed(feeds& owner, std::shared_ptr<void> kept) noexcept : feed_base(owner, std::move(kept)) {}

  /// Precondition: it has one.
  [[nodiscard]] HOCKET_CORO_OWNING_WRAPPER T take() {
    taken();
    T item = std::move(*item_);
    item_.reset();
    return item;
  }

  [[nodiscard]] hocket::detail::close_step close() noexcept override { return source_->close(); }

  /// Its task. Begun eagerly, it takes the source before anything can fail.
  static coro<void> advance(record_ref<feed> self, async_generator<T>& source) {
    self->source_.emplace(std::move(source));
    self->begins();
    try {
      while (auto item = co_await self->source_->next()) {
        self->item_.emplace(std::move(*item));
        self->fetched();
        co_await self->asked();
      }
    } catch (...) {
      self->fails(std::current_exception());
    }
    if (self->is_abandoned()) {
      co_await self->source_->close();
      self->rethrow_error();
    }
    self->ends();
  }

 private:
  std::optional<async_generator<T>> source_;
  std::optional<T> item_;
};

/// Sources that one generator takes from at the same time: a local variable of that generator.
///
/// ```cpp
/// feeds all;
/// try {
///   for (auto& source : sources) all.start(source);
///   while (feed_base* from = co_await all.news()) ...
/// } catch (...) {
///   all.note(std::current_exception());
/// }
/// co_await all.close();
/// ```
class feeds {
 public:
  feeds() : closing_(close_all()) {}
  feeds(const feeds&) = delete;
  /// The generator is destroyed, perhaps at rest: leaves the sources to their tasks, cancelled, to close them.
  ~feeds();

  /// Starts a task that advances `source`, which is moved from unless this throws. `kept` is what the source refers to, and lives
  /// as long as it does.
  template <class T>
  feed<T>& start(async_generator<T>& source, std::shared_ptr<void> kept = nullptr) {
    record_ref<feed<T>> made(new feed<T>(*this, std::move(kept)));
    made->task_ = create_task(feed<T>::advance(made, source), {.name = next_name(), .eager_start = true});
    made->retain();
    order_.push_back(*made);
    return *made;
  }

  /// Waits for a source that has an item or has ended, in the order in which that happens; each is told of once. Null when
  /// nothing more can come. Throws `cancelled`.
  class news_operation;
  [[nodiscard]] news_operation news() noexcept;
  /// Tells of it once more, and next, if it has an item or has ended.
  void tell_again(feed_base& which) noexcept;

  /// The one that was started first, of those that are left.
  [[nodiscard]] feed_base& first() noexcept { return order_.front(); }
  void move_to_end(feed_base& which) noexcept;
  /// Forgets one that has ended; throws its error.
  void remove(feed_base& which);

  /// Waits until one that was cancelled has ended. Deaf to cancellation.
  class end_operation;
  [[nodiscard]] end_operation end_of(feed_base& which) noexcept;

  /// What ended the generator's body.
  void note(std::exception_ptr error) noexcept;
  /// Cancels all tasks and waits for them, deaf to cancellation; then closes the sources in order. Throws the first error, of
  /// the body, of a source or of its closing; else `cancelled`, if that ended the body. Needs no memory.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> close() noexcept { return std::move(closing_); }

 private:
  friend feed_base;

  template <class>
  friend struct hocket::detail::process_layout;

  /// "source 3"
  [[nodiscard]] std::string next_name();
  coro<void> close_all();
  void tell(feed_base& which) noexcept;
  [[nodiscard]] static std::exception_ptr forget(feed_base& which) noexcept;

  intrusive_list<feed_base, feed_place> order_;
  intrusive_list<feed_base, feed_news> news_;
  news_operation* listening_ = nullptr;
  end_operation* ending_ = nullptr;
  std::size_t running_ = 0;
  std::size_t started_ = 0;
  std::exception_ptr error_;
  coro<void> closing_;  // made at once, for later there may be no memory for it
};

class feeds::news_operation final : public operation {
 public:
  explicit news_operation(feeds& all) noexcept : all_(all) {}
  [[nodiscard]] bool await_ready() const noexcept { return has_come(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    all_.listening_ = this;
    suspend(waiter);
  }
  feed_base* await_resume() {
    all_.listening_ = nullptr;
    resumed();
    return all_.news_.empty() ? nullptr : &all_.news_.pop_front();
  }
  bool stop() noexcept override {
    wake_stopped();
    return true;
  }
  void told() noexcept {
    if (is_waiting() && has_come()) wake();
  }

 private:
  template <class>
  friend struct hocket::detail::process_layout;
  [[nodiscard]] bool has_come() const noexcept { return !all_.news_.empty() || all_.running_ == 0; }
  feeds& all_;
};

class feeds::end_operation final : public operation {
 public:
  end_operation(feeds& all, feed_base* which) noexcept : all_(all), which_(which) {}
  [[nodiscard]] bool await_ready() const noexcept { return has_come(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    all_.ending_ = this;
    suspend(waiter);
  }
  void await_resume() const noexcept { all_.ending_ = nullptr; }
  bool stop() noexcept override { return false; }
  void told() noexcept {
    if (is_waiting() && has_come()) wake();
  }

 private:
  template <class>
  friend struct hocket::detail::process_layout;
  [[nodiscard]] bool has_come() const noexcept { return which_ != nullptr ? which_->has_ended() : all_.running_ == 0; }
  feeds& all_;
  feed_base* which_;  // null: all of them
};

inline auto feeds::news() noexcept -> news_operation { return news_operation(*this); }
inline auto feeds::end_of(feed_base& which) noexcept -> end_operation { return {*this, &which}; }

}  // namespace hocket::flow::detail
