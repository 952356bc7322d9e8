#pragma once

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/request_message.hpp>
#include <hocket/http/client/response.hpp>

namespace hocket::http {

/// Sends a request and gives the response when its head has arrived.
using request_sender = function<coro<response>(request_message&)>;

/// Stands between the session and its connections, for each request that is sent, those that follow a redirect too: may change it, look
/// at the response, answer with that of another request, ask again (only with a body that can repeat), or throw. Called by many
/// requests at a time. `next` sends it on, and lives as long as the call. Counterpart: aiohttp's client middlewares.
///
///     options.middlewares.emplace_back([](request_message& asked, request_sender& next) -> coro<response> {
///       asked.fields.set("X-Trace", make_id());
///       co_return co_await next(asked);
///     });
using client_middleware = function<coro<response>(request_message&, request_sender& next)>;

}  // namespace hocket::http
