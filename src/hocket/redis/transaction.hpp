#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <hocket/base/function.hpp>
#include <hocket/core/backoff.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/pipeline.hpp>
#include <hocket/redis/session.hpp>

namespace hocket::redis {

struct transaction_options {
  /// In all, the first included; then `watch_error`.
  unsigned attempts = 16;
  backoff pause{.first = std::chrono::milliseconds(1), .longest = std::chrono::milliseconds(100)};
};

/// A key that a transaction watched was changed by others each time it was tried.
class watch_error : public redis_error {
 public:
  using redis_error::redis_error;
};

/// What a transaction does: it reads what it wants to know, by `reads`, and leaves in `writes` what is to be done.
using transaction_body = function<coro<void>(session& reads, pipeline& writes)>;

/// Runs `body`, then what it left in `writes`, all of it or nothing: if anybody has changed one of the keys `watched` since before `body` began, again from the beginning,
/// after a pause. Gives an answer for each of the writes, errors too; none, if there were none.
///
///     co_await redis::transaction(store, {"balance"}, [](redis::session& reads, redis::pipeline& writes) -> coro<void> {
///       const int balance = co_await reads.command<int>("GET", "balance");
///       if (balance >= 10) writes.decrby("balance", 10);
///     });
///
/// Takes a `session` for it. The client must outlive it. Throws what `body` throws, what a `call` throws, `watch_error`.
/// Counterpart: Redis.transaction. Source: https://redis.io/docs/latest/develop/using-commands/transactions/.
[[nodiscard]] coro<std::vector<reply>> transaction(client& by, std::vector<std::string> watched, transaction_body body,
                                                   transaction_options options = {});

}  // namespace hocket::redis
