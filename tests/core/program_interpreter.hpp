#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "random_program.hpp"

namespace random_program {

/// Runs a program on an engine and writes down what happened: which step of which task ended how, at what virtual time.
///
/// An engine names the types (`coro`, `task`, `future`, `timeout`, `cancel_scope`, `task_group`, and what is thrown) and gives
/// `sleep`, `create_task`, `with_task_group`, `call_later`, `milliseconds_now`.
template <class Engine>
class program_interpreter {
  using coro = typename Engine::coro;
  using task = typename Engine::task;
  using task_group = typename Engine::task_group;

 public:
  explicit program_interpreter(const program& what) : program_(what) {
    tasks_.resize(what.tasks.size());
    timeouts_.resize(static_cast<std::size_t>(what.places));
    scopes_.resize(static_cast<std::size_t>(what.places));
    groups_.resize(static_cast<std::size_t>(what.places));
  }

  /// Starts the main task; the trace is complete when the engine has nothing left to do.
  void start() {
    futures_.resize(static_cast<std::size_t>(program_.futures));
    keep(0, Engine::create_task(run_task(0)));
    Engine::call_later(end_of_time, [this] {
      for (auto& each : futures_)
        if (!each.done()) each.set_result();
    });
  }

  static constexpr int end_of_time = 1'000'000;  // milliseconds

  [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }
  [[nodiscard]] int tasks_left() const { return tasks_left_; }

 private:
  template <class Value>
  static auto& at(std::vector<Value>& values, int index) {
    return values[static_cast<std::size_t>(index)];
  }

  void note(const std::string& what) { trace_.push_back(std::to_string(Engine::milliseconds_now()) + ' ' + what); }

  void keep(int number, task made) {
    at(tasks_, number) = made;
    ++tasks_left_;
    made.add_done_callback([this, number, made] {
      --tasks_left_;
      const char* how = made.was_cancelled() ? "cancelled" : Engine::failed(made) ? "failed" : "finished";
      note("task " + std::to_string(number) + " ended " + how + ", requests " + std::to_string(made.cancelling()));
    });
  }

  coro run_task(int number) {
    note("task " + std::to_string(number) + " begins");
    co_await run_block(program_.tasks[static_cast<std::size_t>(number)], number);
  }

  coro run_block(const block& what, int self) {
    for (const step& each : what.steps) {
      std::exception_ptr error;
      try {
        co_await run_step(each, self);
      } catch (...) {
        error = std::current_exception();
      }
      note("task " + std::to_string(self) + " #" + std::to_string(each.number) + ' ' + describe(error));
      if (error) std::rethrow_exception(error);
    }
  }

  static std::string describe(const std::exception_ptr& error) {
    if (!error) return "ok";
    try {
      std::rethrow_exception(error);
    } catch (const typename Engine::cancelled&) {
      return "cancelled";
    } catch (const typename Engine::timeout_error&) {
      return "timed out";
    } catch (const typename Engine::exception_group& group) {
      std::string text = "group(";
      for (const auto& each : Engine::errors_of(group)) text += describe(each) + ';';
      return text + ')';
    } catch (const typename Engine::refused&) {
      return "refused";
    } catch (const std::runtime_error& known) {
      return known.what();
    }
  }

  coro run_step(const step& now, int self) {
    switch (now.what) {
      case action::sleep:
        co_await Engine::sleep(now.a);
        break;
      case action::spawn:
        keep(now.a, Engine::create_task(run_task(now.a)));
        break;
      case action::spawn_in_group:
        if (task_group* group = at(groups_, now.b)) keep(now.a, group->create_task(run_task(now.a)));
        break;
      case action::join:
        if (const auto other = at(tasks_, now.a)) co_await *other;
        break;
      case action::wait_future:
        co_await at(futures_, now.a);
        break;
      case action::fail:
        throw std::runtime_error("failure " + std::to_string(now.number));
      case action::cancelling:
        note("requests " + std::to_string(at(tasks_, self)->cancelling()));
        break;
      case action::with_timeout: {
        typename Engine::timeout limit = Engine::make_timeout(now.a);
        co_await run_at_place(timeouts_, limit, now, self);
        break;
      }
      case action::scope: {
        typename Engine::cancel_scope scope = Engine::make_scope(now.a, false);
        co_await run_in_scope(scope, now, self);
        break;
      }
      case action::endless_scope: {
        typename Engine::cancel_scope scope = Engine::make_scope(std::nullopt, false);
        co_await run_in_scope(scope, now, self);
        break;
      }
      case action::shield: {
        typename Engine::cancel_scope scope = Engine::make_scope(std::nullopt, true);
        co_await run_in_scope(scope, now, self);
        break;
      }
      case action::group:
        co_await run_in_group(now, self);
        break;
      case action::swallow:
      case action::swallow_all:
        co_await run_swallowing(now, self);
        break;
      case action::clean_up:
        co_await run_and_clean_up(now, self);
        break;
      default:
        act_at_once(now);
        break;
    }
  }

  /// The steps that never wait.
  void act_at_once(const step& now) {
    if (now.what == action::cancel && at(tasks_, now.a)) at(tasks_, now.a)->cancel();
    if (now.what == action::uncancel && at(tasks_, now.a)) at(tasks_, now.a)->uncancel();
    if (now.what == action::cancel_later) {
      Engine::call_later(now.b, [this, other = now.a] {
        if (at(tasks_, other)) at(tasks_, other)->cancel();
      });
    }
    if (now.what == action::set_future) at(futures_, now.a).set_result();
    if (now.what == action::cancel_future) at(futures_, now.a).cancel();
    if (now.what == action::reschedule && has(timeouts_, now.a)) Engine::reschedule(*at(timeouts_, now.a), now.b);
    if (now.what == action::cancel_scope && has(scopes_, now.a)) at(scopes_, now.a)->cancel();
    if (now.what == action::cancel_group && has(groups_, now.a)) at(groups_, now.a)->cancel();
  }

  template <class Place>
  static bool has(const std::vector<Place*>& places, int number) {
    return static_cast<std::size_t>(number) < places.size() && places[static_cast<std::size_t>(number)] != nullptr;
  }

  /// Makes a time-out or scope known by its number as long as its body runs.
  template <class Place>
  coro run_at_place(std::vector<Place*>& places, Place& place, const step& now, int self) {
    auto body = [this, &now, self] HOCKET_CORO_WRAPPER { return run_block(*now.body, self); };
    at(places, now.b) = &place;
    std::exception_ptr error;
    try {
      co_await place.run(body);
    } catch (...) {
      error = std::current_exception();
    }
    at(places, now.b) = nullptr;
    if (error) std::rethrow_exception(error);
  }

  coro run_in_scope(typename Engine::cancel_scope& scope, const step& now, int self) {
    co_await run_at_place(scopes_, scope, now, self);
    if (scope.cancelled_caught()) note("scope " + std::to_string(now.b) + " caught it");
  }

  coro run_in_group(const step& now, int self) {
    auto body = [this, &now, self](task_group& group) -> coro {
      at(groups_, now.b) = &group;
      co_await run_block(*now.body, self);
    };
    std::exception_ptr error;
    try {
      co_await Engine::with_task_group(body);
    } catch (...) {
      error = std::current_exception();
    }
    at(groups_, now.b) = nullptr;
    if (error) std::rethrow_exception(error);
  }

  coro run_swallowing(const step& now, int self) {
    try {
      co_await run_block(*now.body, self);
    } catch (const typename Engine::cancelled&) {
    } catch (...) {
      if (now.what != action::swallow_all) throw;
    }
  }

  coro run_and_clean_up(const step& now, int self) {
    bool was_cancelled = false;
    try {
      co_await run_block(*now.body, self);
    } catch (const typename Engine::cancelled&) {
      was_cancelled = true;
    }
    if (!was_cancelled) co_return;
    co_await run_block(*now.cleanup, self);
    throw typename Engine::cancelled{};
  }

  const program& program_;
  std::vector<std::optional<task>> tasks_;
  std::vector<typename Engine::future> futures_;
  std::vector<typename Engine::timeout*> timeouts_;
  std::vector<typename Engine::cancel_scope*> scopes_;
  std::vector<task_group*> groups_;
  std::vector<std::string> trace_;
  int tasks_left_ = 0;
};

}  // namespace random_program
