// As get_futures, but what waits can be called like any function: a coroutine awaits another one, and that a third, to any depth.
// The task speaks with the innermost; results and errors go back to whoever has asked.
// Run: get_delegation [HOST:]PORT ...
#include <coroutine>
#include <exception>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "poetry.hpp"
#include "selector.hpp"

class future;
class task;

/// What coroutines of all types know.
struct coro_state {
  task* driver = nullptr;                                  // who keeps all this going
  std::coroutine_handle<> caller = std::noop_coroutine();  // who goes on when it has ended
  std::exception_ptr error;

  struct back_to_caller {
    std::coroutine_handle<> caller;
    bool await_ready() noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept { return caller; }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  back_to_caller final_suspend() noexcept { return {caller}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

/// A coroutine that gives a `Value`; it begins when it is awaited.
template <class Value>
class coro {
 public:
  struct promise_type : coro_state {
    std::optional<Value> result;
    coro get_return_object() { return coro(std::coroutine_handle<promise_type>::from_promise(*this)); }
    void return_value(Value value) { result.emplace(std::move(value)); }
  };

  coro(coro&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  coro& operator=(coro&&) = delete;
  ~coro() {
    if (frame_) frame_.destroy();
  }

  // `co_await`: what Python's `yield from` does.
  bool await_ready() noexcept { return false; }
  template <class Caller>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Caller> caller) noexcept {
    frame_.promise().caller = caller;
    return begin(caller.promise().driver);
  }
  Value await_resume() {
    if (frame_.promise().error) std::rethrow_exception(frame_.promise().error);
    return std::move(*frame_.promise().result);
  }

  std::coroutine_handle<> begin(task* driver) noexcept {
    frame_.promise().driver = driver;
    return frame_;
  }

 private:
  explicit coro(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

/// Who keeps a coroutine going, with all that it awaits.
class task {
 public:
  explicit task(coro<std::string> work) : work_(std::move(work)), innermost_(work_.begin(this)) { step(); }
  task(const task&) = delete;
  void wait_for(future& next, std::coroutine_handle<> innermost);
  std::string result() { return work_.await_resume(); }

 private:
  void step() { innermost_.resume(); }
  coro<std::string> work_;
  std::coroutine_handle<> innermost_;  // of those that wait; the others wait for it
};

/// A result that is not there yet, and who wants to hear of it. Can be awaited.
class future {
 public:
  void add_done_callback(std::function<void()> f) { callbacks_.push_back(std::move(f)); }
  void set_result(std::string result) {
    result_ = std::move(result);
    for (const auto& each : std::exchange(callbacks_, {})) each();  // the first may let go of this
  }

  bool await_ready() noexcept { return result_.has_value(); }
  template <class Caller>
  void await_suspend(std::coroutine_handle<Caller> caller) {
    caller.promise().driver->wait_for(*this, caller);
  }
  std::string await_resume() { return std::move(*result_); }

 private:
  std::optional<std::string> result_;
  std::vector<std::function<void()>> callbacks_;
};

void task::wait_for(future& next, std::coroutine_handle<> innermost) {
  innermost_ = innermost;
  next.add_done_callback([this] { step(); });
}

// ---- from here on: what users write

coro<tcp_socket> connect(selector& events, const address& to) {
  tcp_socket socket(SOCK_NONBLOCK);
  if (!try_connect(socket, to)) {
    future connected;
    events.add(socket.number(), EPOLLOUT, [&] { connected.set_result({}); });
    co_await connected;
    events.remove(socket.number());
    try_connect(socket, to);  // throws if it is not
  }
  co_return socket;
}

coro<std::string> read(selector& events, const tcp_socket& socket, const address& from) {
  for (;;) {
    future readable;
    events.add(socket.number(), EPOLLIN, [&] { readable.set_result({}); });
    co_await readable;
    events.remove(socket.number());
    if (auto bytes = try_receive(socket, from)) co_return std::move(*bytes);
  }
}

coro<std::string> read_all(selector& events, const tcp_socket& socket, const address& from) {
  std::string all;
  for (;;) {
    const std::string bytes = co_await read(events, socket, from);
    if (bytes.empty()) co_return all;
    append(all, bytes, from);
  }
}

coro<std::string> get_poem(selector& events, const address& from) {
  const tcp_socket socket = co_await connect(events, from);
  co_return co_await read_all(events, socket, from);
}

void loop(selector& events) {
  while (!events.is_empty())
    for (const selector::callback& each : events.select()) each();
}

std::vector<std::string> get_poetry(const std::vector<address>& addresses) {
  selector events;
  std::list<task> tasks;
  for (const address& each : addresses) tasks.emplace_back(get_poem(events, each));
  loop(events);
  std::vector<std::string> poems;
  for (task& each : tasks) poems.push_back(each.result());  // or throws what was thrown there
  return poems;
}

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_delegation", "Downloads poems, by coroutines made by hand.", get_poetry);
}
