#pragma once

// The rules of cancellation (docs/rules.md), written down a second time, as plainly as they can be: no intrusive lists, no
// arenas, no flags that spare a walk; closures and shared pointers. Slow and obviously right, it is what the library is
// compared with on random programs.
//
// It has its own loop with virtual time, its own coroutines, tasks and futures, and knows neither I/O nor threads.

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdlib>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace model {

using duration = std::chrono::milliseconds;

struct cancelled {};
struct timeout_error {};
struct refused {};  // a call that the object's state does not allow
struct exception_group {
  std::vector<std::exception_ptr> errors;
};

// ---- the loop: one turn is the batch that is queued when it begins

struct timer {
  std::function<void()> fire;
  bool off = false;  // counts even if it stands in the batch already
};

class loop {
 public:
  loop() { running_ = this; }
  loop(const loop&) = delete;
  ~loop() { running_ = nullptr; }
  static loop& running() { return *running_; }

  duration now{0};

  void call_soon(std::function<void()> function) { ready_.push_back(std::move(function)); }
  std::shared_ptr<timer> call_at(duration when, std::function<void()> function) {
    auto made = std::make_shared<timer>(std::move(function));
    timers_.emplace(when, made);
    return made;
  }
  /// A deadline that has passed goes through `call_soon`.
  std::shared_ptr<timer> arm(duration when, std::function<void()> function) {
    if (when > now) return call_at(when, std::move(function));
    auto made = std::make_shared<timer>(std::move(function));
    call_soon([made] { fire(*made); });
    return made;
  }

  void run() {
    for (;;) {
      while (!timers_.empty() && timers_.begin()->second->off) timers_.erase(timers_.begin());
      if (ready_.empty()) {
        if (timers_.empty()) return;
        now = std::max(now, timers_.begin()->first);
      }
      for (; !timers_.empty() && timers_.begin()->first <= now; timers_.erase(timers_.begin()))
        ready_.push_back([due = timers_.begin()->second] { fire(*due); });
      for (std::size_t left = ready_.size(); left > 0; --left) {
        const auto next = std::move(ready_.front());
        ready_.pop_front();
        next();
      }
    }
  }

 private:
  static void fire(timer& due) {
    if (!due.off) due.fire();
  }

  static inline loop* running_ = nullptr;
  std::deque<std::function<void()>> ready_;
  std::multimap<duration, std::shared_ptr<timer>> timers_;  // equal deadlines: in order of registration
};

// ---- tasks and their cancel nodes

class task_group;
class task_state;

struct node {
  node* outer = nullptr;
  node* inherited = nullptr;    // of a task's own node: the node of the group that it is a child of
  task_group* group = nullptr;  // if it is a group's
  bool level = false;
  bool shield = false;
  int requests = 0;
  bool pending = false;
  int entry = 0;
};

/// What a suspended task waits for.
struct waiter {
  enum class state { waiting, done, stopped };
  task_state* task = nullptr;
  std::coroutine_handle<> frame;
  state how = state::waiting;
  bool deaf = false;

  waiter() = default;
  waiter(const waiter&) = delete;
  virtual ~waiter() {
    if (task != nullptr && how == state::waiting) std::abort();  // a frame never dies under its operation
  }

  /// A cancellation arrives. True: taken, the wait will end by itself. False: it has ended already, or is deaf.
  virtual bool stop() = 0;
  virtual void begin() = 0;
  void wake(state how_it_ended);

  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() { resumed(); }
  void resumed();
};

class task_state : public std::enable_shared_from_this<task_state> {
 public:
  static inline task_state* current = nullptr;

  node own;
  node* top = &own;
  waiter* waits_for = nullptr;
  bool finished = false;
  bool was_cancelled = false;
  std::exception_ptr error;
  std::vector<std::function<void()>> when_done;  // waiters and callbacks, in order of registration

  void resume(std::coroutine_handle<> frame) {
    const auto keep = shared_from_this();
    task_state* const before = std::exchange(current, this);
    frame.resume();
    current = before;
  }

  /// The next await that waits must throw: a pending edge of its own stack or a requested level anywhere, up to a shield.
  bool deliverable() const {
    bool mine = true;
    for (const node* at = top; at != nullptr;) {
      if (at->level ? at->requests > 0 : mine && at->pending) return true;
      if (at->shield) return false;
      if (at == &own) mine = false;
      at = at->outer != nullptr ? at->outer : at->inherited;
    }
    return false;
  }

  /// One throw serves all edges that are visible.
  void take() {
    for (node* at = top; at != nullptr; at = at->outer) {
      at->pending = false;
      if (at->shield) return;
    }
  }

  int edges_outside(const node& inner) const {
    int sum = 0;
    if (inner.shield) return 0;
    for (const node* at = inner.outer; at != nullptr; at = at->outer) {
      if (!at->level) sum += at->requests;
      if (at->shield) break;
    }
    return sum;
  }

  bool level_outside(const node& inner) const {
    if (inner.shield) return false;
    const auto outward = [](const node& from) { return from.outer != nullptr ? from.outer : from.inherited; };
    for (const node* at = outward(inner); at != nullptr; at = outward(*at)) {
      if (at->level && at->requests > 0) return true;
      if (at->shield) return false;
    }
    return false;
  }

  /// Somebody further out than `inner` wants the task gone as well.
  bool foreign(const node& inner) const { return edges_outside(inner) > inner.entry || level_outside(inner); }

  /// An error displaces a foreign edge, which is pending again.
  void rearm(const node& inner) {
    if (edges_outside(inner) <= inner.entry) return;
    for (node* at = inner.outer; at != nullptr; at = at->outer) {
      if (!at->level && at->requests > 0) {
        at->pending = true;
        return;
      }
      if (at->shield) return;
    }
  }

  int cancelling() const {
    int sum = 0;
    for (const node* at = top; at != nullptr; at = at->outer)
      if (!at->level) sum += at->requests;
    return sum;
  }

  void poke() {
    if (waits_for == nullptr || waits_for->how != waiter::state::waiting || !deliverable()) return;
    if (waits_for->stop()) take();
  }
  void request(node& where) {
    ++where.requests;
    if (!where.level) where.pending = true;
    poke();
  }
  bool cancel() {
    if (finished) return false;
    request(own);
    return true;
  }
  void uncancel() {
    if (own.requests > 0 && --own.requests == 0) own.pending = false;
  }

  void push(node& inner) {
    inner.outer = top;
    top = &inner;
    inner.entry = edges_outside(inner);
  }
  void pop(node& inner) { top = inner.outer; }

  void finish() {
    finished = true;
    for (auto& each : std::exchange(when_done, {})) loop::running().call_soon(std::move(each));
  }
};

inline void waiter::wake(state how_it_ended) {
  if (how != state::waiting) return;
  how = how_it_ended;
  loop::running().call_soon([task = task, frame = frame] { task->resume(frame); });
}

inline void waiter::await_suspend(std::coroutine_handle<> handle) {
  task = task_state::current;
  frame = handle;
  task->waits_for = this;
  begin();
  task->poke();
}

inline void waiter::resumed() {
  if (task == nullptr) return;
  task->waits_for = nullptr;
  if (how != state::stopped && (deaf || !task->deliverable())) return;
  task->take();
  throw cancelled{};
}

// ---- coroutines

class [[nodiscard]] coro {
 public:
  struct promise_type {
    std::coroutine_handle<> parent;
    std::exception_ptr error;

    coro get_return_object() { return coro(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() { return {}; }
    struct return_to_parent {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return self.promise().parent;
      }
      void await_resume() noexcept {}
    };
    return_to_parent final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { error = std::current_exception(); }
  };

  coro(coro&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  coro& operator=(coro&&) = delete;
  ~coro() {
    if (frame_) frame_.destroy();
  }

  auto operator co_await() && {
    struct awaiter {
      std::coroutine_handle<promise_type> frame;
      bool await_ready() { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) {
        frame.promise().parent = parent;
        return frame;
      }
      void await_resume() {
        if (frame.promise().error) std::rethrow_exception(frame.promise().error);
      }
    };
    return awaiter{frame_};
  }

 private:
  explicit coro(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

struct driver {
  struct promise_type {
    driver get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<> frame;
};

inline driver drive(std::shared_ptr<task_state> task, std::optional<coro> body) {
  try {
    if (task->deliverable()) {  // cancelled before the first step: the body never runs
      task->take();
      throw cancelled{};
    }
    co_await std::move(*body);
    if (task->own.pending) throw cancelled{};  // asked for, never delivered
  } catch (const cancelled&) {
    task->was_cancelled = true;
  } catch (...) {
    task->error = std::current_exception();
  }
  body.reset();  // the frame goes before any waiter runs
  task->finish();
}

}  // namespace detail

// ---- what tasks wait for

class [[nodiscard]] sleep final : public waiter {
 public:
  explicit sleep(duration length) : length_(length) {}
  void begin() override {
    if (length_ <= duration(0)) return wake(state::done);
    timer_ = loop::running().call_at(loop::running().now + length_, [this] { wake(state::done); });
  }
  bool stop() override {
    timer_->off = true;
    wake(state::stopped);
    return true;
  }

 private:
  duration length_;
  std::shared_ptr<timer> timer_;
};

class task {
 public:
  explicit task(std::shared_ptr<task_state> record) : record_(std::move(record)) {}

  bool cancel() const { return record_->cancel(); }
  void uncancel() const { record_->uncancel(); }
  int cancelling() const { return record_->cancelling(); }
  bool done() const { return record_->finished; }
  bool was_cancelled() const { return record_->was_cancelled; }
  bool failed() const { return record_->error != nullptr; }
  void add_done_callback(std::function<void()> function) const {
    if (done())
      loop::running().call_soon(std::move(function));
    else
      record_->when_done.push_back(std::move(function));
  }
  const std::shared_ptr<task_state>& record() const { return record_; }

  class join final : public waiter {
   public:
    explicit join(std::shared_ptr<task_state> target) : target_(std::move(target)) {}
    bool await_ready() { return target_->finished; }
    void begin() override {
      target_->when_done.push_back([this] {
        how = state::done;
        task->resume(frame);
      });
    }
    bool stop() override { return target_->cancel(); }  // a cancellation goes on to what is awaited
    void await_resume() {
      resumed();
      if (target_->was_cancelled) {
        if (task != nullptr) task->take();
        throw cancelled{};
      }
      if (target_->error) std::rethrow_exception(target_->error);
    }

   private:
    std::shared_ptr<task_state> target_;
  };
  join operator co_await() const { return join(record_); }

 private:
  std::shared_ptr<task_state> record_;
};

inline task create_task(coro body, node* inherited = nullptr) {
  auto record = std::make_shared<task_state>();
  record->own.inherited = inherited;
  const auto frame = detail::drive(record, std::move(body)).frame;
  loop::running().call_soon([record, frame] { record->resume(frame); });
  return task(record);
}

class future {
 public:
  bool done() const { return record_->done; }
  void set_result() const {
    if (done()) throw refused{};
    end(waiter::state::done);
  }
  bool cancel() const {
    if (done()) return false;
    record_->was_cancelled = true;
    end(waiter::state::stopped);
    return true;
  }

 private:
  struct record {
    bool done = false;
    bool was_cancelled = false;
    std::vector<waiter*> waiters;
  };

 public:
  class wait final : public waiter {
   public:
    explicit wait(std::shared_ptr<record> target) : target_(std::move(target)) {}
    bool await_ready() { return target_->done; }
    void begin() override { target_->waiters.push_back(this); }
    bool stop() override { return future(target_).cancel(); }
    void await_resume() {
      resumed();
      if (target_->was_cancelled) throw cancelled{};
    }

   private:
    std::shared_ptr<record> target_;
  };

  future() : record_(std::make_shared<record>()) {}
  wait operator co_await() const { return wait(record_); }

 private:
  explicit future(std::shared_ptr<record> known) : record_(std::move(known)) {}
  void end(waiter::state how) const {
    record_->done = true;
    for (waiter* each : std::exchange(record_->waiters, {})) each->wake(how);
  }

  std::shared_ptr<record> record_;
};

// ---- time-outs (edge), cancel scopes (level), task groups (edge)

class timeout {
 public:
  explicit timeout(duration limit) : limit_(limit) {}

  template <class Body>
  coro run(Body body) {
    task_ = task_state::current;
    task_->push(node_);
    arm(loop::running().now + limit_);
    std::exception_ptr error;
    bool was_cancelled = false;
    try {
      co_await body();
    } catch (const cancelled&) {
      was_cancelled = true;
    } catch (...) {
      error = std::current_exception();
    }
    alarm_->off = true;
    const bool foreign = task_->foreign(node_);
    task_->pop(node_);
    if (error) std::rethrow_exception(error);
    if (was_cancelled && expired_ && !foreign) throw timeout_error{};
    if (was_cancelled) throw cancelled{};
  }

  void reschedule(duration when) {
    if (expired_) throw refused{};
    alarm_->off = true;
    arm(when);
  }

 private:
  void arm(duration when) {
    alarm_ = loop::running().arm(when, [this] {
      expired_ = true;
      task_->request(node_);
    });
  }

  duration limit_;
  node node_{};
  task_state* task_ = nullptr;
  bool expired_ = false;
  std::shared_ptr<timer> alarm_;
};

class cancel_scope {
 public:
  cancel_scope(std::optional<duration> deadline, bool shield) : deadline_(deadline) {
    node_.level = true;
    node_.shield = shield;
  }

  template <class Body>
  coro run(Body body) {
    task_ = task_state::current;
    task_->push(node_);
    std::shared_ptr<timer> alarm;
    if (deadline_) alarm = loop::running().arm(*deadline_, [this] { cancel(); });
    std::exception_ptr error;
    bool was_cancelled = false;
    try {
      co_await body();
    } catch (const cancelled&) {
      was_cancelled = true;
    } catch (...) {
      error = std::current_exception();
    }
    if (alarm) alarm->off = true;
    const bool mine = node_.requests > 0 && !task_->foreign(node_);
    task_->pop(node_);
    task_ = nullptr;
    if (error) std::rethrow_exception(error);
    if (was_cancelled && !mine) throw cancelled{};
    caught_ = was_cancelled;
  }

  void cancel();
  bool cancelled_caught() const { return caught_; }

 private:
  std::optional<duration> deadline_;
  node node_;
  task_state* task_ = nullptr;
  bool caught_ = false;
};

class task_group {
 public:
  task create_task(coro body) {
    if (aborting_) throw refused{};
    task made = model::create_task(std::move(body), &node_);
    children_.push_back(made.record().get());
    made.add_done_callback([this, child = made.record()] { child_ended(*child); });
    return made;
  }
  void cancel() {
    if (aborting_) return;
    abort();
    owner_->request(node_);
  }

 private:
  friend class cancel_scope;
  template <class Body>
  friend coro with_task_group(Body body);

  class drain final : public waiter {
   public:
    explicit drain(task_group& group) : group_(group) { deaf = group.aborting_; }
    bool await_ready() { return group_.children_.empty(); }
    void begin() override { group_.draining_ = this; }
    bool stop() override {
      if (deaf) return false;
      wake(state::stopped);
      return true;
    }
    void await_resume() {
      group_.draining_ = nullptr;
      resumed();
    }

   private:
    task_group& group_;
  };

  task_group() {
    node_.group = this;
    owner_->push(node_);
  }
  void abort() {
    aborting_ = true;
    for (task_state* each : std::vector(children_)) each->cancel();
  }
  void child_ended(task_state& child) {
    std::erase(children_, &child);
    if (child.error) {
      errors_.push_back(child.error);
      cancel();
    }
    if (children_.empty() && draining_ != nullptr) draining_->wake(waiter::state::done);
  }

  /// Owner first, then the children of the groups inside, in order of creation, and what is inside of these.
  static void poke_children(task_state& owner, const node& outermost) {
    for (const node* at = owner.top;; at = at->outer) {
      if (at->group != nullptr) {
        for (task_state* each : std::vector(at->group->children_)) {
          each->poke();
          poke_children(*each, each->own);
        }
      }
      if (at == &outermost) return;
    }
  }

  task_state* owner_ = task_state::current;
  node node_{};
  bool aborting_ = false;
  std::vector<task_state*> children_;
  std::vector<std::exception_ptr> errors_;
  drain* draining_ = nullptr;
};

inline void cancel_scope::cancel() {
  if (node_.requests++ > 0 || task_ == nullptr) return;
  task_->poke();
  task_group::poke_children(*task_, node_);
}

template <class Body>
coro with_task_group(Body body) {
  task_group group;
  task_state& owner = *group.owner_;
  bool was_cancelled = false;
  try {
    co_await body(group);
  } catch (const cancelled&) {
    was_cancelled = true;
  } catch (...) {
    group.errors_.push_back(std::current_exception());
  }
  if ((was_cancelled || !group.errors_.empty()) && !group.aborting_) group.abort();
  while (!group.children_.empty()) {
    try {
      co_await task_group::drain(group);
    } catch (const cancelled&) {
      was_cancelled = true;
      if (!group.aborting_) group.abort();
    }
  }
  const bool foreign = owner.foreign(group.node_);
  if (!group.errors_.empty()) owner.rearm(group.node_);
  owner.pop(group.node_);
  if (!group.errors_.empty()) throw exception_group{group.errors_};
  if (was_cancelled && (foreign || group.node_.requests == 0)) {
    owner.take();
    throw cancelled{};
  }
}

}  // namespace model
