// The third of four steps fails. Thrown among callbacks, its error misses whoever began; to arrive, it must be handed on by
// each of them; with coroutines a try block does. Run: callback_hell
#include <chrono>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

void work(char step) {
  if (step == 'c') throw std::runtime_error("c failed");
  fmt::print("  {} done\n", step);
}

std::string text_of(const std::exception_ptr& error) try {
  std::rethrow_exception(error);
} catch (const std::exception& thrown) {
  return thrown.what();
}

void start(char step, std::function<void()> then) {
  hocket::loop::running().call_soon([=] {
    work(step);
    then();
  });
}

hocket::coro<void> callbacks_that_throw() {
  hocket::event over;
  hocket::loop::running().set_exception_handler([&over](const hocket::exception_context& context) {
    fmt::print("  the loop got '{}', who began got nothing\n", text_of(context.exception));
    over.set();
  });
  try {
    start('a', [] { start('b', [] { start('c', [] { start('d', [] { fmt::print("  all done\n"); }); }); }); });
  } catch (const std::exception& error) {
    fmt::print("  who began got '{}'\n", error.what());  // never: this block is left before any step has run
  }
  co_await over.wait();
}

using told = std::function<void(std::exception_ptr)>;

void start_checked(char step, told then) {
  hocket::loop::running().call_soon([=] {
    std::exception_ptr error;
    try {
      work(step);
    } catch (...) {
      error = std::current_exception();
    }
    then(error);
  });
}

hocket::coro<void> callbacks_that_hand_errors_on() {
  hocket::event over;
  const told finish = [&over](std::exception_ptr error) {
    fmt::print("  who began got '{}'\n", error ? text_of(error) : "all done");
    over.set();
  };
  start_checked('a', [=](std::exception_ptr error) {
    if (error) return finish(error);
    start_checked('b', [=](std::exception_ptr error) {
      if (error) return finish(error);
      start_checked('c', [=](std::exception_ptr error) {
        if (error) return finish(error);
        start_checked('d', finish);
      });
    });
  });
  co_await over.wait();
}

hocket::coro<void> step(char name) {
  co_await hocket::sleep(std::chrono::seconds(0));
  work(name);
}

hocket::coro<void> coroutines() {
  try {
    co_await step('a');
    co_await step('b');
    co_await step('c');
    co_await step('d');
    fmt::print("  all done\n");
  } catch (const std::exception& error) {
    fmt::print("  who began got '{}'\n", error.what());
  }
}

int main() {
  fmt::print("callbacks that throw:\n");
  hocket::run(callbacks_that_throw());
  fmt::print("callbacks that hand errors on:\n");
  hocket::run(callbacks_that_hand_errors_on());
  fmt::print("coroutines:\n");
  hocket::run(coroutines());
}
