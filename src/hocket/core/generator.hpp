#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/base/assert.hpp>
#include <hocket/base/error.hpp>
#include <hocket/base/result.hpp>
#include <hocket/core/detail/yield_channel.hpp>

namespace hocket {

template <class Out, class In, class Return>
class generator;

/// `co_yield yield_from(sub)` puts `sub` in the place of the generator: it is stepped, sent to and raised in until it ends,
/// without a detour however deep it stands. The expression gives what `sub` returned or throws what it threw.
/// Counterpart: yield from.
template <class Out, class In, class Return>
struct yield_from {
  explicit yield_from(generator<Out, In, Return> sub) noexcept : source(std::move(sub)) {}
  generator<Out, In, Return> source;
};

namespace detail {

/// The frame of a generator, and the whole of those that it delegates to: their outermost knows which of them is innermost.
template <class Out, class In>
class generator_frame : public arena_allocated {
 public:
  generator_frame(const generator_frame&) = delete;
  generator_frame& operator=(const generator_frame&) = delete;

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] auto final_suspend() noexcept {
    struct awaiter {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept { return ended.leave(); }
      void await_resume() const noexcept {}
      generator_frame& ended;
    };
    return awaiter{*this};
  }

  [[nodiscard]] auto yield_value(Out&& value) noexcept { return yielding{*this, std::addressof(value)}; }
  [[nodiscard]] auto yield_value(const Out& value) { return yielding_copy{*this, value}; }
  template <class Return>
  [[nodiscard]] auto yield_value(yield_from<Out, In, Return> sub) noexcept {
    return delegating<Return>{*this, std::move(sub.source)};
  }
  template <class Awaitable>
  std::suspend_never await_transform(Awaitable&&) const noexcept {
    static_assert(sizeof(Awaitable) == 0, "a generator cannot wait for anything: make it an async_generator");
    return {};
  }

  [[nodiscard]] bool ended() const noexcept { return own_.done(); }
  [[nodiscard]] std::coroutine_handle<> handle() const noexcept { return own_; }

  /// Goes on to the next value; null at the end. Precondition: the outermost.
  Out* step(In* sent) {
    require_resting();
    if constexpr (!std::is_void_v<In>) channel_.send(sent);
    state_ = state::running;
    innermost_->own_.resume();
    state_ = state::resting;
    return channel_.offered();
  }
  void raise(std::exception_ptr error) {
    require_resting();
    channel_.raise(std::move(error));
  }
  void require_resting() const {
    if (is_running()) [[unlikely]]
      refuse();
  }
  [[nodiscard]] bool has_begun() const noexcept { return state_ != state::unstarted; }
  [[nodiscard]] bool is_running() const noexcept { return state_ == state::running; }

 protected:
  explicit generator_frame(std::coroutine_handle<> own) noexcept : own_(own) {}
  ~generator_frame() = default;

 private:
  enum class state : std::uint8_t { unstarted, resting, running };

  [[noreturn, gnu::cold, gnu::noinline]] static void refuse() {
    throw invalid_state_error("the generator is running already");
  }

  struct yielding {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept { frame.outermost_->channel_.offer(*value); }
    In await_resume() const { return frame.outermost_->channel_.receive(); }
    generator_frame& frame;
    Out* value;
  };
  struct yielding_copy {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) noexcept { frame.outermost_->channel_.offer(value); }
    In await_resume() const { return frame.outermost_->channel_.receive(); }
    generator_frame& frame;
    Out value;
  };
  template <class Return>
  class delegating {
   public:
    delegating(generator_frame& frame, generator<Out, In, Return> sub) noexcept : frame_(frame), sub_(std::move(sub)) {}
    [[nodiscard]] bool await_ready() const { return sub_.ended(); }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) {
      sub_.frame_->require_resting();
      if constexpr (!std::is_void_v<In>) frame_.outermost_->channel_.send(std::addressof(nothing_));
      return frame_.delegate(*sub_.frame_);
    }
    Return await_resume() {
      if (sub_.frame_ != nullptr) return sub_.frame_->result().take();
      if constexpr (!std::is_void_v<Return>)
        throw invalid_state_error("a generator that was delegated to did not come to its end: it has no result");
    }

   private:
    generator_frame& frame_;
    generator<Out, In, Return> sub_;
    [[no_unique_address]] sent_value<In> nothing_{};
  };

  /// `sub` and whatever it delegates to come under this one's outermost.
  std::coroutine_handle<> delegate(generator_frame& sub) noexcept {
    generator_frame* const innermost = sub.innermost_;
    for (generator_frame* each = innermost;; each = each->delegator_) {
      each->outermost_ = outermost_;
      if (each == &sub) break;
    }
    sub.delegator_ = this;
    sub.state_ = state::resting;
    outermost_->innermost_ = innermost;
    return innermost->own_;
  }
  std::coroutine_handle<> leave() noexcept {
    if (delegator_ == nullptr) {
      channel_.offer_nothing();
      return std::noop_coroutine();
    }
    outermost_->innermost_ = delegator_;
    return delegator_->own_;
  }

  std::coroutine_handle<> own_;
  generator_frame* outermost_ = this;
  generator_frame* innermost_ = this;  // of the outermost
  generator_frame* delegator_ = nullptr;
  yield_channel<Out, In> channel_;  // of the outermost
  state state_ = state::unstarted;
};

template <class Out, class In, class Return>
class generator_promise_base : public generator_frame<Out, In> {
 public:
  void unhandled_exception() noexcept { result_.set_error(std::current_exception()); }
  [[nodiscard]] hocket::result<Return>& result() noexcept { return result_; }

 protected:
  using generator_frame<Out, In>::generator_frame;
  hocket::result<Return> result_;
};

template <class Out, class In, class Return>
class generator_promise final : public generator_promise_base<Out, In, Return> {
 public:
  generator_promise() noexcept
      : generator_promise_base<Out, In, Return>(std::coroutine_handle<generator_promise>::from_promise(*this)) {}
  [[nodiscard]] generator<Out, In, Return> get_return_object() noexcept;
  template <class U = Return>
    requires std::is_convertible_v<U&&, Return>
  void return_value(U&& value) {
    this->result_.set_value(std::forward<U>(value));
  }
};

template <class Out, class In>
class generator_promise<Out, In, void> final : public generator_promise_base<Out, In, void> {
 public:
  generator_promise() noexcept
      : generator_promise_base<Out, In, void>(std::coroutine_handle<generator_promise>::from_promise(*this)) {}
  [[nodiscard]] generator<Out, In, void> get_return_object() noexcept;
  void return_void() const noexcept {}
};

}  // namespace detail

/// A function that gives one value after another, and rests in between: a coroutine with `co_yield`, and no `co_await`.
///
/// Nothing runs until the first value is asked for. What is sent to it is the value of the `co_yield` at which it rests; what
/// is raised is thrown there. Belongs to no loop and to one thread at a time. Owns its frame; at rest, it is closed by being
/// dropped: the frame's destructors run, those of generators that it delegates to first.
/// `Out` is an object type; a yielded rvalue is moved out, an lvalue copied. Counterpart: a generator, collections.abc.Generator.
template <class Out, class In = void, class Return = void>
class [[nodiscard]] generator {
  static_assert(std::is_object_v<Out>, "a generator yields objects: wrap a reference, or yield a pointer");

 public:
  using promise_type = detail::generator_promise<Out, In, Return>;
  using value_type = Out;

  /// One that has ended, to be assigned to.
  generator() noexcept = default;
  generator(generator&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  generator& operator=(generator&& other) noexcept {
    if (this != &other) {
      drop();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~generator() { drop(); }

  /// Runs it to its next value; none once it has ended. Throws what it throws, and then it has ended. Sends `In{}`.
  /// Throws `invalid_state_error` if it is running. Counterpart: next.
  std::optional<Out> next()
    requires std::is_void_v<In> || std::default_initializable<In>
  {
    if (ended()) return std::nullopt;
    if constexpr (std::is_void_v<In>) {
      return moved(step(nullptr));
    } else {
      In nothing{};
      return moved(step(std::addressof(nothing)));
    }
  }

  /// The same, and `value` is what its `co_yield` gives. Throws `invalid_state_error` if it has not begun: there is no
  /// `co_yield` yet. Counterpart: generator.send.
  std::optional<Out> send(detail::sent_value<In> value)
    requires(!std::is_void_v<In>)
  {
    if (ended()) return std::nullopt;
    if (!frame_->has_begun()) throw invalid_state_error("a value was sent to a generator that has not begun");
    return moved(step(std::addressof(value)));
  }

  /// Throws `error` at the `co_yield` where it rests, and gives the next value if it goes on. One that has not begun ends and
  /// one that has ended stays so; both throw `error`. Counterpart: generator.throw.
  std::optional<Out> raise(std::exception_ptr error) {
    HOCKET_ASSERT(error != nullptr, "there is no exception to raise");
    if (!ended()) frame_->require_resting();
    if (ended() || !frame_->has_begun()) {
      close();
      std::rethrow_exception(std::move(error));
    }
    frame_->raise(std::move(error));
    return moved(step(nullptr));
  }
  template <class Error>
    requires(!std::same_as<Error, std::exception_ptr>)
  std::optional<Out> raise(Error error) {
    return raise(std::make_exception_ptr(std::move(error)));
  }

  /// Ends it where it rests: its destructors run. Nothing if it has ended. Throws `invalid_state_error` if it is running.
  /// Counterpart: generator.close.
  void close() {
    if (frame_ == nullptr || frame_->ended()) return;
    frame_->require_resting();
    drop();
  }

  /// True once it has come to its end, thrown, was closed or moved from.
  [[nodiscard]] bool ended() const noexcept { return frame_ == nullptr || frame_->ended(); }

  /// Gives what it returned, once. Throws `invalid_state_error` if it did not come to its end, or was asked before.
  /// Counterpart: StopIteration.value.
  Return result() {
    if (frame_ == nullptr || !frame_->ended()) throw invalid_state_error("the generator has no result");
    const struct drops {
      ~drops() { of.drop(); }
      generator& of;
    } afterwards{*this};
    return frame_->result().take();
  }

  /// For `for (Out& value : generator)`; runs it to its first value. An input range: once, and one iterator at a time.
  [[nodiscard]] auto begin()
    requires std::is_void_v<In>
  {
    iterator first(*this);
    ++first;
    return first;
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend promise_type;
  friend detail::generator_frame<Out, In>;
  explicit generator(promise_type& frame) noexcept : frame_(&frame) {}

  class iterator {
   public:
    using value_type = Out;
    using difference_type = std::ptrdiff_t;

    explicit iterator(generator& source) noexcept : source_(&source) {}
    iterator(iterator&&) noexcept = default;
    iterator& operator=(iterator&&) noexcept = default;

    [[nodiscard]] Out& operator*() const noexcept { return *value_; }
    iterator& operator++() {
      value_ = source_->ended() ? nullptr : source_->step(nullptr);
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& at, std::default_sentinel_t) noexcept { return at.value_ == nullptr; }

   private:
    generator* source_;
    Out* value_ = nullptr;
  };

  Out* step(In* sent) {
    Out* const value = frame_->step(sent);
    if (value == nullptr && frame_->result().has_error()) [[unlikely]]
      throw_on();
    return value;
  }
  [[noreturn]] void throw_on() {
    const std::exception_ptr error = frame_->result().error();
    drop();
    std::rethrow_exception(error);
  }
  static std::optional<Out> moved(Out* value) {
    if (value == nullptr) return std::nullopt;
    return std::move(*value);
  }
  void drop() noexcept {
    if (frame_ == nullptr) return;
    HOCKET_ASSERT(!frame_->is_running(), "a generator was destroyed while it ran");
    std::exchange(frame_, nullptr)->handle().destroy();
  }

  promise_type* frame_ = nullptr;
};

namespace detail {

template <class Out, class In, class Return>
generator<Out, In, Return> generator_promise<Out, In, Return>::get_return_object() noexcept {
  return generator<Out, In, Return>(*this);
}

template <class Out, class In>
generator<Out, In, void> generator_promise<Out, In, void>::get_return_object() noexcept {
  return generator<Out, In, void>(*this);
}

}  // namespace detail
}  // namespace hocket

template <class Out, class In, class Return>
inline constexpr bool std::ranges::enable_view<hocket::generator<Out, In, Return>> = true;
