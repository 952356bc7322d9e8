#pragma once

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>

namespace hocket::testing {

/// What the helpers that run something again and again are given: called for each run, so that each begins afresh. What its
/// coroutine borrows from it stays alive until the helper returns.
using scenario = function<coro<void>()>;

}  // namespace hocket::testing
