// The loop of get_callbacks, and above it a download in one piece again: a generator that yields a future wherever it has to wait,
// and a task that sends it on with the result. Future, generator and task are made by hand.
// Run: get_futures [HOST:]PORT ...
#include <coroutine>
#include <exception>
#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "poetry.hpp"
#include "selector.hpp"

/// A result that is not there yet, and who wants to hear of it.
class future {
 public:
  using callback = std::function<void(const std::string&)>;
  void add_done_callback(callback f) { callbacks_.push_back(std::move(f)); }
  void set_result(const std::string& result) {
    // The first who hears of it may let go of the future: from here on it is not touched.
    for (const callback& each : std::exchange(callbacks_, {})) each(result);
  }

 private:
  std::vector<callback> callbacks_;
};

/// A function that rests where it yields a future, and goes on with what it is sent.
class generator {
 public:
  struct promise_type {
    future* yielded = nullptr;
    std::string sent;

    generator get_return_object() { return generator(handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    auto yield_value(future& waited_for) noexcept {
      struct rest {
        promise_type& self;
        bool await_ready() noexcept { return false; }
        void await_suspend(std::coroutine_handle<>) noexcept {}
        std::string await_resume() noexcept { return std::move(self.sent); }
      };
      yielded = &waited_for;
      return rest{*this};
    }
    void return_void() noexcept {}
    void unhandled_exception() { throw; }  // to whoever sent, in the end to the loop
  };
  using handle = std::coroutine_handle<promise_type>;

  generator(generator&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  generator& operator=(generator&&) = delete;
  ~generator() {
    if (frame_) frame_.destroy();
  }

  /// Lets it go on, and gives the future that it waits for next: none, if it has ended.
  future* send(std::string value) {
    frame_.promise().sent = std::move(value);
    frame_.promise().yielded = nullptr;
    frame_.resume();
    return frame_.promise().yielded;
  }

 private:
  explicit generator(handle frame) noexcept : frame_(frame) {}
  handle frame_;
};

/// Who keeps a generator going, from one future to the next.
class task {
 public:
  explicit task(generator work) : work_(std::move(work)) { step({}); }
  task(const task&) = delete;

 private:
  void step(std::string result) {
    if (future* next = work_.send(std::move(result)))
      next->add_done_callback([this](const std::string& coming) { step(coming); });
  }
  generator work_;
};

generator get_poem(selector& events, const address& from, std::string& poem) {
  const tcp_socket socket(SOCK_NONBLOCK);
  if (!try_connect(socket, from)) {
    future connected;
    events.add(socket.number(), EPOLLOUT, [&] { connected.set_result({}); });
    co_yield connected;
    events.remove(socket.number());
    try_connect(socket, from);  // throws if it is not
  }
  for (;;) {
    future readable;
    events.add(socket.number(), EPOLLIN, [&] {
      if (const auto bytes = try_receive(socket, from)) readable.set_result(*bytes);
    });
    const std::string bytes = co_yield readable;
    events.remove(socket.number());
    if (bytes.empty()) co_return;
    append(poem, bytes, from);
  }
}

void loop(selector& events) {
  while (!events.is_empty())
    for (const selector::callback& each : events.select()) each();
}

std::vector<std::string> get_poetry(const std::vector<address>& addresses) {
  selector events;
  std::vector<std::string> poems(addresses.size());
  std::list<task> tasks;
  for (std::size_t n = 0; n < addresses.size(); ++n) tasks.emplace_back(get_poem(events, addresses[n], poems[n]));
  loop(events);
  return poems;
}

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_futures", "Downloads poems, by generators and futures made by hand.", get_poetry);
}
