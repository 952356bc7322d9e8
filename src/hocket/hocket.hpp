#pragma once

// Everything of floors 0 to 4: the loop, coroutines and tasks, synchronisation, executors, input and output.

#include <hocket/base/error.hpp>
#include <hocket/core/as_completed.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/shield.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/context.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/sync/semaphore.hpp>
