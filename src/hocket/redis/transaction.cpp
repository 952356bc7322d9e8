#include <utility>

#include <hocket/core/sleep.hpp>
#include <hocket/redis/transaction.hpp>

namespace hocket::redis {

coro<std::vector<reply>> transaction(client& by, std::vector<std::string> watched, transaction_body body,
                                     transaction_options options) {
  session own = co_await by.session();
  for (unsigned attempt = 1;; ++attempt) {
    co_await own.command<void>("WATCH", watched);
    pipeline writes(by);
    co_await body(own, writes);
    reply outcome(reply_kind::array, reply::items_type());
    if (writes.empty()) {
      co_await own.command<void>("UNWATCH");
    } else {
      auto answers = co_await own.execute(detail::as_transaction(writes.take()));
      outcome = detail::outcome_of_transaction(std::move(answers));
    }
    if (!outcome.is_nil()) {
      own.keep();
      co_return std::move(outcome).items();
    }
    if (attempt >= options.attempts) break;
    co_await sleep(options.pause.after(attempt));
  }
  throw watch_error("a transaction of Redis was given up: what it watches is changed by others all the time");
}

}  // namespace hocket::redis
