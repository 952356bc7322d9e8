#pragma once

#include <hocket/loop/run_observer.hpp>

namespace hocket {

class context;
class loop;
class task_base;

namespace detail {

/// What this thread runs right now.
struct thread_context {
  loop* running = nullptr;
  task_base* task = nullptr;
  hocket::context* variables = nullptr;  // of the running task or callback
  unsigned inline_completions = 0;       // of the running task's I/O since it last waited
  run_observer* observer = nullptr;
};
extern constinit thread_local thread_context here;

}  // namespace detail
}  // namespace hocket
