#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include <hocket/base/assert.hpp>
#include <hocket/base/attributes.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/async_generator_frame.hpp>
#include <hocket/core/detail/yield_channel.hpp>

namespace hocket {

template <class T, class In>
class async_generator;

namespace detail {

template <class T>
inline constexpr bool is_async_generator = false;
template <class T, class In>
inline constexpr bool is_async_generator<async_generator<T, In>> = true;

/// An argument taken by value that is an async generator, or a container of them: closed with the one that was given it. What a
/// view shows belongs to others.
template <class Argument>
concept closable_argument =
    is_async_generator<Argument> ||
    (std::ranges::bidirectional_range<Argument> && !std::is_reference_v<Argument> && !std::ranges::view<Argument> &&
     !std::ranges::borrowed_range<Argument> && is_async_generator<std::ranges::range_value_t<Argument>>);

/// What is kept of the arguments: pointers to those that are to be closed.
template <class Argument>
[[nodiscard]] auto kept_argument(std::remove_reference_t<Argument>& argument) noexcept {
  if constexpr (closable_argument<Argument>)
    return std::tuple(std::addressof(argument));
  else
    return std::tuple<>();
}

template <class T, class In>
class typed_async_generator_frame : public async_generator_frame {
 public:
  [[nodiscard]] auto yield_value(T&& value, std::source_location where = std::source_location::current()) noexcept {
    note_place(where);
    return yielding{*this, std::addressof(value)};
  }
  [[nodiscard]] auto yield_value(const T& value, std::source_location where = std::source_location::current()) {
    note_place(where);
    return yielding_copy{*this, value};
  }

  [[nodiscard]] auto final_suspend() noexcept {
    channel_.offer_nothing();
    return async_generator_frame::final_suspend();
  }

  [[nodiscard]] yield_channel<T, In>& channel() noexcept { return channel_; }

 protected:
  using async_generator_frame::async_generator_frame;

 private:
  struct yielding {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept { return frame.offer(*value); }
    In await_resume() const { return frame.receive(); }
    typed_async_generator_frame& frame;
    T* value;
  };
  struct yielding_copy {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return frame.offer(value); }
    In await_resume() const { return frame.receive(); }
    typed_async_generator_frame& frame;
    T value;
  };

  std::coroutine_handle<> offer(T& value) noexcept {
    if (is_closing()) [[unlikely]]
      channel_.offer_nothing();
    else
      channel_.offer(value);
    return rest();
  }
  In receive() {
    if (is_closing()) [[unlikely]]
      throw generator_exit{};
    return channel_.receive();
  }

  yield_channel<T, In> channel_;
};

template <class... Args>
struct arguments_but_first {};

/// `Rest` are the arguments without the first. Clang leaves the object of a lambda out where it makes the promise, though it
/// counts as the first argument where it looks for the promise's type (as of version 22).
template <class T, class In, class Rest, class... Args>
class async_generator_promise;
template <class T, class In, class... Rest, class... Args>
class async_generator_promise<T, In, arguments_but_first<Rest...>, Args...> final
    : public typed_async_generator_frame<T, In> {
  using arguments = decltype(std::tuple_cat(kept_argument<Args>(std::declval<Args&>())...));

 public:
  explicit async_generator_promise(Args&... given,
                                   std::source_location created = std::source_location::current()) noexcept
      : async_generator_promise(std::tuple_cat(kept_argument<Args>(given)...), created) {}
  explicit async_generator_promise(Rest&... given,
                                   std::source_location created = std::source_location::current()) noexcept
    requires(sizeof...(Rest) < sizeof...(Args))
      : async_generator_promise(std::tuple_cat(kept_argument<Rest>(given)...), created) {}
  [[nodiscard]] async_generator<T, In> get_return_object() noexcept { return async_generator<T, In>(*this); }

 private:
  async_generator_promise(arguments kept, std::source_location created) noexcept
      : typed_async_generator_frame<T, In>(std::coroutine_handle<async_generator_promise>::from_promise(*this),
                                           std::tuple_size_v<arguments> == 0 ? nullptr : will_close_arguments, created),
        arguments_(kept) {}

  static void will_close_arguments(async_generator_frame& frame) noexcept {
    auto& self = static_cast<async_generator_promise&>(frame);
    const auto look = [&self](auto& generator) {
      if (generator.frame_ != nullptr && generator.frame_->needs_closing()) self.will_close(*generator.frame_);
    };
    const auto look_at = [&look](auto* argument) {
      if constexpr (is_async_generator<std::remove_pointer_t<decltype(argument)>>)
        look(*argument);
      else
        for (auto& each : *argument | std::views::reverse) look(each);
    };
    look_at_last_first(self.arguments_, look_at, std::make_index_sequence<std::tuple_size_v<arguments>>());
  }
  template <class Look, std::size_t... At>
  static void look_at_last_first(arguments& all, const Look& look, std::index_sequence<At...>) noexcept {
    (look(std::get<sizeof...(At) - 1 - At>(all)), ...);
  }

  [[no_unique_address]] arguments arguments_;
};

/// Awaits the next step of an async generator.
template <class T, class In>
class [[nodiscard]] next_step {
 public:
  explicit next_step(typed_async_generator_frame<T, In>* frame) noexcept : frame_(frame) {}

  [[nodiscard]] bool await_ready() const noexcept { return frame_ == nullptr || frame_->has_ended(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> consumer) {
    const std::coroutine_handle<> next = frame_->step(consumer);
    if constexpr (!std::is_void_v<In>) frame_->channel().send(std::addressof(value_));
    return next;
  }
  std::optional<T> await_resume() {
    if (frame_ == nullptr) return std::nullopt;
    if (T* const value = frame_->channel().offered()) [[likely]]
      return std::move(*value);
    frame_->rethrow_error();
    return std::nullopt;
  }

 protected:
  typed_async_generator_frame<T, In>* frame_;
  [[no_unique_address]] sent_value<In> value_{};
};

/// The same with a value for its `co_yield`.
template <class T, class In>
class [[nodiscard]] send_step : public next_step<T, In> {
 public:
  send_step(typed_async_generator_frame<T, In>* frame, sent_value<In> value) : next_step<T, In>(frame) {
    this->value_ = std::move(value);
  }

  std::coroutine_handle<> await_suspend(std::coroutine_handle<> consumer) {
    if (this->frame_->is_unstarted())
      throw invalid_state_error("a value was sent to an async generator that has not begun");
    return next_step<T, In>::await_suspend(consumer);
  }
};

/// The same with an exception for its `co_yield`.
template <class T, class In>
class [[nodiscard]] raise_step : public next_step<T, In> {
 public:
  raise_step(typed_async_generator_frame<T, In>* frame, std::exception_ptr error) noexcept
      : next_step<T, In>(frame), error_(std::move(error)) {
    HOCKET_ASSERT(error_ != nullptr, "there is no exception to raise");
  }

  std::coroutine_handle<> await_suspend(std::coroutine_handle<> consumer) {
    if (this->frame_->is_unstarted()) return this->frame_->fail(std::exchange(error_, nullptr), consumer);
    const std::coroutine_handle<> next = next_step<T, In>::await_suspend(consumer);
    this->frame_->channel().raise(std::exchange(error_, nullptr));
    return next;
  }
  std::optional<T> await_resume() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));  // it had ended
    return next_step<T, In>::await_resume();
  }

 private:
  std::exception_ptr error_;
};

/// Awaits the end of an async generator that is closed.
class [[nodiscard]] close_step {
 public:
  explicit close_step(async_generator_frame* frame) noexcept : frame_(frame) {}

  [[nodiscard]] bool await_ready() const noexcept { return frame_ == nullptr || frame_->has_ended(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> consumer) { return frame_->close(consumer); }
  void await_resume() {
    if (frame_ != nullptr) frame_->rethrow_error();
  }

 private:
  async_generator_frame* frame_;
};

}  // namespace detail

/// A function that gives one value after another and may wait in between: a coroutine with `co_yield` and `co_await`.
///
/// ```cpp
/// while (auto line = co_await lines.next()) use(*line);
/// ```
///
/// Nothing runs until the first value is asked for. It runs in the task that awaits its next value and nowhere else: a
/// cancellation of that task is thrown at whatever the generator awaits. Values pass without the scheduler; a yielded rvalue is
/// moved out, an lvalue copied. What is sent to it is the value of the `co_yield` at which it rests. One step at a time: another
/// one meanwhile throws `invalid_state_error`.
///
/// **Its end is deterministic.** When its body has ended, by itself, by an exception or by `close`, it closes the async
/// generators that it was given by value as arguments (alone or in a container), in their order, and waits for each. Only then does
/// whoever awaits it go on. So closing the last stage of a pipeline closes all of it.
///
/// Owns its frame. Dropped at rest, it is destroyed on the spot, its arguments with it: destructors run, but no code that
/// catches `generator_exit` to await something. Use `aclosing` where that matters. One that is still alive when its loop's `run` ends
/// is closed then. Counterpart: an async generator, collections.abc.AsyncGenerator.
template <class T, class In = void>
class [[nodiscard]] HOCKET_CORO_TYPE async_generator {
  static_assert(std::is_object_v<T>, "a generator yields objects: wrap a reference, or yield a pointer");

 public:
  using value_type = T;

  /// One that has ended, to be assigned to.
  async_generator() noexcept = default;
  async_generator(async_generator&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  async_generator& operator=(async_generator&& other) noexcept {
    if (this != &other) {
      drop();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~async_generator() { drop(); }

  /// Waits for its next value; none once it has ended. Throws what it throws, and then it has ended. Sends `In{}`. The generator
  /// must stay where it is until that has been awaited, also by a task that is to do so. Counterpart: anext.
  [[nodiscard]] auto next() noexcept { return detail::next_step<T, In>(frame_); }

  /// The same, and `value` is what its `co_yield` gives. Throws `invalid_state_error` if it has not begun. Counterpart: asend.
  [[nodiscard]] auto send(detail::sent_value<In> value)
    requires(!std::is_void_v<In>)
  {
    return detail::send_step<T, In>(frame_, std::move(value));
  }

  /// Throws `error` at the `co_yield` where it rests, and gives the next value if it goes on. One that has not begun ends and
  /// one that has ended stays so; both throw `error`. Counterpart: athrow.
  [[nodiscard]] auto raise(std::exception_ptr error) noexcept {
    return detail::raise_step<T, In>(frame_, std::move(error));
  }
  template <class Error>
    requires(!std::same_as<Error, std::exception_ptr>)
  [[nodiscard]] auto raise(Error error) {
    return raise(std::make_exception_ptr(std::move(error)));
  }

  /// Ends it: throws `generator_exit` at the `co_yield` where it rests, and waits until it and its arguments have ended. Throws
  /// what they throw, and `invalid_state_error` if it yields once more. Nothing if it has ended. Counterpart: aclose.
  [[nodiscard]] auto close() noexcept { return detail::close_step(frame_); }

  /// True once it has come to its end, thrown, was closed or moved from.
  [[nodiscard]] bool ended() const noexcept { return frame_ == nullptr || frame_->has_ended(); }

 private:
  template <class, class, class, class...>
  friend class detail::async_generator_promise;
  explicit async_generator(detail::typed_async_generator_frame<T, In>& frame) noexcept : frame_(&frame) {}
  void drop() noexcept {
    if (frame_ != nullptr) frame_->destroy();
  }

  detail::typed_async_generator_frame<T, In>* frame_ = nullptr;
};

}  // namespace hocket

template <class T, class In>
struct std::coroutine_traits<hocket::async_generator<T, In>> {
  using promise_type = hocket::detail::async_generator_promise<T, In, hocket::detail::arguments_but_first<>>;
};
template <class T, class In, class First, class... Rest>
struct std::coroutine_traits<hocket::async_generator<T, In>, First, Rest...> {
  using promise_type =
      hocket::detail::async_generator_promise<T, In, hocket::detail::arguments_but_first<Rest...>, First, Rest...>;
};
