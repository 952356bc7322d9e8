#pragma once

namespace hocket {

class context;
class loop;
class task_base;

namespace detail {

/// Told whenever a task begins to wait; for tests that interfere at each such point.
class suspension_observer {
 public:
  virtual void suspending(task_base& task) noexcept = 0;

 protected:
  ~suspension_observer() = default;
};

/// What this thread runs right now.
struct thread_context {
  loop* running = nullptr;
  task_base* task = nullptr;
  hocket::context* variables = nullptr;  // of the running task or callback
  unsigned inline_completions = 0;       // of the running task's I/O since it last waited
  suspension_observer* observer = nullptr;
};
extern constinit thread_local thread_context here;

}  // namespace detail
}  // namespace hocket
