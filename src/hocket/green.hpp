#pragma once

// Green threads: functions that wait without being coroutines, under gevent's names.

#include <hocket/green/async_result.hpp>
#include <hocket/green/channel.hpp>
#include <hocket/green/event.hpp>
#include <hocket/green/greenlet.hpp>
#include <hocket/green/group.hpp>
#include <hocket/green/in_thread.hpp>
#include <hocket/green/join.hpp>
#include <hocket/green/patch.hpp>
#include <hocket/green/queue.hpp>
#include <hocket/green/section.hpp>
#include <hocket/green/sleep.hpp>
#include <hocket/green/spawn.hpp>
#include <hocket/green/stack.hpp>
#include <hocket/green/thread_pool.hpp>
#include <hocket/green/timeout.hpp>
#include <hocket/green/wait.hpp>
