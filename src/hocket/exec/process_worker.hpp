#pragma once

namespace hocket {

/// The first line of `main` in a program that uses a `process_pool_executor`. A worker is this same program, started anew: here it
/// serves its pool and ends, and never returns. In any other process this returns at once.
///
/// What stands before it, static objects too, also happens in every worker. A worker has /dev/null as standard input and does
/// nothing at SIGINT, for a Ctrl-C is the program's to answer; it may cut short a sleep or poll (EINTR). It is killed when its
/// pool's process ends. Its static objects are destroyed when its pool lets it go.
/// Counterpart: `if __name__ == "__main__"`, multiprocessing.freeze_support.
void serve_if_worker();

namespace detail {

/// Throws `invalid_state_error` if `serve_if_worker` was not called; ends a process that was to be a worker.
void require_worker_line();

}  // namespace detail

}  // namespace hocket
