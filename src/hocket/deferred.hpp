#pragma once

// Deferreds and what is made of them, under Twisted's names.

#include <hocket/deferred/cooperator.hpp>
#include <hocket/deferred/defer_later.hpp>
#include <hocket/deferred/defer_to_thread.hpp>
#include <hocket/deferred/deferred.hpp>
#include <hocket/deferred/deferred_list.hpp>
#include <hocket/deferred/deferred_lock.hpp>
#include <hocket/deferred/deferred_queue.hpp>
#include <hocket/deferred/looping_call.hpp>
#include <hocket/deferred/reactor.hpp>
