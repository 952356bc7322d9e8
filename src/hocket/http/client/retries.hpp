#pragma once

#include <vector>

#include <hocket/http/client/backoff.hpp>
#include <hocket/http/client/middleware.hpp>

namespace hocket::http {

struct retry_options {
  /// In all, the first included.
  unsigned attempts = 3;
  backoff pause{};
  /// Which answers are worth another attempt.
  std::vector<int> statuses{429, 502, 503, 504};
  /// Only requests that do no more when they are made twice: GET, HEAD, OPTIONS, TRACE, PUT, DELETE (RFC 9110, 9.2.2).
  bool only_idempotent = true;
};

/// A middleware that asks again where the connection failed, nothing came in time, or the answer's status is one of `statuses`. It waits as
/// the server says (Retry-After, see `response::retry_after`), or for the pause if that is longer. What cannot be sent again (a
/// generator's body), and what the server wants to wait longer for than the longest pause, is given or thrown as it came; so is the last
/// attempt's. Waiting counts in the request's total time. Counterpart: aiohttp-retry.
///
///     options.middlewares.push_back(http::retries({.attempts = 5}));
[[nodiscard]] client_middleware retries(retry_options how = {});

}  // namespace hocket::http
