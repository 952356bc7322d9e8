#pragma once

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>

namespace hocket::http {

/// Answers requests. Called for several at once; the request lives until its reply was sent. What it throws becomes a reply: an
/// `http_error` what it says, anything else 500.
using handler = function<coro<reply>(request&)>;

}  // namespace hocket::http
