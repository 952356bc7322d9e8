#pragma once

#include <exception>
#include <optional>

#include <hocket/base/error.hpp>
#include <hocket/core/cancel_node.hpp>
#include <hocket/green/wait.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/timer_node.hpp>

namespace hocket::green {

class timeout;

/// What a wait throws when a `green::timeout` is over. Counterpart: gevent.Timeout as an exception.
class timeout_expired final : public timeout_error {
 public:
  explicit timeout_expired(const timeout& which) : which_(&which) {}

  /// Whether it is that one's, and no other's that holds here as well.
  [[nodiscard]] bool is_of(const timeout& which) const noexcept { return which_ == &which; }

 private:
  const timeout* which_;
};

/// A limit on what the running green thread waits for between `start` and `close`:
///
///     green::timeout limit(2s);
///     limit.start();
///     try {
///       fetch();
///     } catch (const green::timeout_expired& late) {
///       if (!late.is_of(limit)) throw;
///     }
///     limit.close();
///
/// When time is up the wait that is under way, or the next one, throws `timeout_expired`, once; what does not wait is not interrupted.
/// A cancellation that somebody else asked for stays `cancelled`. They nest: what is started last is closed first. Of several that are over at once the
/// outermost throws. One that holds for a function alone is `with_timeout`. Counterpart: gevent.Timeout.
class timeout {
 public:
  /// Nothing: never over.
  explicit timeout(std::optional<delay> limit) noexcept : limit_(limit) {}
  /// Throws `error` instead of `timeout_expired`.
  timeout(std::optional<delay> limit, std::exception_ptr error) noexcept : limit_(limit), error_(std::move(error)) {}
  /// Closes it. Not after the green thread that started it.
  ~timeout() { close(); }
  timeout(const timeout&) = delete;
  timeout& operator=(const timeout&) = delete;

  /// One that is started. Counterpart: Timeout.start_new.
  [[nodiscard]] static timeout start_new(std::optional<delay> limit) { return timeout(limit, started{}); }

  /// From here on it holds for the running green thread; again after `close`. Throws `invalid_state_error` if it is started, or outside of a
  /// green thread.
  void start();
  /// From here on it does not. No effect on one that is not started. Ends the program if one that was started later is not closed.
  void close() noexcept;

  /// It is started, and may still be over. Counterpart: Timeout.pending.
  [[nodiscard]] bool pending() const noexcept { return on_ != nullptr && !expired_; }
  /// Time was up between the last `start` and its `close`, whether anything was thrown or not.
  [[nodiscard]] bool expired() const noexcept { return expired_; }
  /// Counterpart: Timeout.seconds.
  [[nodiscard]] std::optional<duration> limit() const noexcept { return limit_; }

 private:
  friend void detail::throw_expired(detail::fiber& here);

  struct started {};
  timeout(std::optional<delay> limit, started) : timeout(limit) { start(); }

  class alarm final : public timer_node {
   public:
    explicit alarm(timeout& owner) noexcept : owner_(owner) {}
    void run() noexcept override { owner_.expire(); }

   private:
    timeout& owner_;
  };

  void expire() noexcept;
  [[noreturn]] void raise();

  std::optional<duration> limit_;
  std::exception_ptr error_;
  cancel_node node_{cancel_node::kind::edge};
  alarm alarm_{*this};
  detail::fiber* on_ = nullptr;  // while it is started
  task_base* task_ = nullptr;
  timeout* outer_ = nullptr;  // the one of that fiber that was started before
  bool expired_ = false;
};

}  // namespace hocket::green
