// Random programs run twice: by hocket under its virtual clock, and by the plain model of the rules. What happened, to whom,
// when and in which order must be the same to the letter.

#include "random_program.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/base/arena.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/testing/virtual_clock.hpp>

#include "cancellation_model.hpp"
#include "program_interpreter.hpp"

namespace {

using std::chrono::milliseconds;

struct hocket_engine {
  using coro = hocket::coro<void>;
  using task = hocket::task<void>;
  using future = hocket::future<void>;
  using timeout = hocket::timeout;
  using cancel_scope = hocket::cancel_scope;
  using task_group = hocket::task_group;
  using cancelled = hocket::cancelled;
  using timeout_error = hocket::timeout_error;
  using exception_group = hocket::exception_group;
  using refused = hocket::invalid_state_error;

  static inline hocket::time_point begin;
  static hocket::time_point in(int ms) { return hocket::loop::running().time() + milliseconds(ms); }

  static auto sleep(int ms) { return hocket::sleep(milliseconds(ms)); }
  static task create_task(coro body) { return hocket::create_task(std::move(body)); }
  static bool failed(const task& ended) { return ended.exception() != nullptr; }  // which counts as looked at
  static timeout make_timeout(int ms) { return timeout(milliseconds(ms)); }
  static void reschedule(timeout& limit, int ms) { limit.reschedule(in(ms)); }
  static cancel_scope make_scope(std::optional<int> ms, bool shield) {
    return cancel_scope({.deadline = ms ? std::optional(in(*ms)) : std::nullopt, .shield = shield});
  }
  template <class Body>
  HOCKET_CORO_WRAPPER static coro with_task_group(Body body) {
    return hocket::with_task_group(std::move(body));
  }
  static const auto& errors_of(const exception_group& group) { return group.errors(); }
  template <class Function>
  static void call_later(int ms, Function function) {
    hocket::loop::running().call_later(milliseconds(ms), std::move(function));
  }
  static long milliseconds_now() {
    return static_cast<long>((hocket::loop::running().time() - begin) / milliseconds(1));
  }
};

struct model_engine {
  using coro = model::coro;
  using task = model::task;
  using future = model::future;
  using timeout = model::timeout;
  using cancel_scope = model::cancel_scope;
  using task_group = model::task_group;
  using cancelled = model::cancelled;
  using timeout_error = model::timeout_error;
  using exception_group = model::exception_group;
  using refused = model::refused;

  static model::duration in(int ms) { return model::loop::running().now + milliseconds(ms); }

  static auto sleep(int ms) { return model::sleep(milliseconds(ms)); }
  static task create_task(coro body) { return model::create_task(std::move(body)); }
  static bool failed(const task& ended) { return ended.failed(); }
  static timeout make_timeout(int ms) { return timeout(milliseconds(ms)); }
  static void reschedule(timeout& limit, int ms) { limit.reschedule(in(ms)); }
  static cancel_scope make_scope(std::optional<int> ms, bool shield) {
    return cancel_scope(ms ? std::optional(in(*ms)) : std::nullopt, shield);
  }
  template <class Body>
  HOCKET_CORO_WRAPPER static coro with_task_group(Body body) {
    return model::with_task_group(std::move(body));
  }
  static const auto& errors_of(const exception_group& group) { return group.errors; }
  template <class Function>
  static void call_later(int ms, Function function) {
    model::loop::running().call_at(in(ms), std::move(function));
  }
  static long milliseconds_now() { return static_cast<long>(model::loop::running().now.count()); }
};

using trace = std::vector<std::string>;

hocket::coro<void> run_to_the_end(random_program::program_interpreter<hocket_engine>& interpreter) {
  hocket::loop::running().set_exception_handler([](const hocket::exception_context&) {});
  interpreter.start();
  co_await hocket::sleep(milliseconds(2 * interpreter.end_of_time));
}

trace run_on_hocket(const random_program::program& program, hocket::backend_kind backend) {
  const long before = hocket::arena::live_blocks();
  trace result;
  {
    hocket::testing::virtual_clock time;
    hocket_engine::begin = time.now();
    random_program::program_interpreter<hocket_engine> interpreter(program);
    hocket::run(run_to_the_end(interpreter), {.backend = backend, .clock = &time});
    EXPECT_EQ(interpreter.tasks_left(), 0);
    result = interpreter.trace();
  }
  EXPECT_EQ(hocket::arena::live_blocks(), before);
  return result;
}

trace run_on_model(const random_program::program& program) {
  model::loop loop;
  random_program::program_interpreter<model_engine> interpreter(program);
  interpreter.start();
  loop.run();
  EXPECT_EQ(interpreter.tasks_left(), 0);
  return interpreter.trace();
}

/// HOCKET_RANDOM_PROGRAMS: how many to run, for longer hunts.
unsigned number_of_programs() {
  const char* wanted = std::getenv("HOCKET_RANDOM_PROGRAMS");
  return wanted != nullptr ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : 3000;
}

std::string lines(const trace& what) {
  std::string text;
  for (const auto& each : what) text += "  " + each + '\n';
  return text;
}

TEST(random_programs, leave_the_same_trace_as_the_model_of_the_rules) {
  std::size_t events = 0;
  for (unsigned seed = 0; seed < number_of_programs(); ++seed) {
    const auto program = random_program::generate(seed);
    const trace expected = run_on_model(program);
    const trace seen = run_on_hocket(program, hocket::backend_kind::epoll);
    events += seen.size();
    ASSERT_EQ(seen, expected) << "seed " << seed << ", the program:\n"
                              << to_text(program) << "hocket:\n"
                              << lines(seen) << "the model:\n"
                              << lines(expected);
    if (HasFailure()) FAIL() << "seed " << seed << ", the program:\n" << to_text(program);
  }
  EXPECT_GT(events, number_of_programs() * 10U);
}

TEST(random_programs, do_not_depend_on_the_backend) {
  if (!hocket::io_uring_works() && std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr)
    GTEST_SKIP() << "SKIPPED: io_uring is forbidden here; nothing of this test ran on it";
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto program = random_program::generate(seed);
    ASSERT_EQ(run_on_hocket(program, hocket::backend_kind::io_uring), run_on_model(program)) << to_text(program);
  }
}

}  // namespace
