#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/client/retries.hpp>

namespace hocket::http {
namespace {

/// How long to wait before the next attempt; nothing: there is none.
std::optional<duration> pause_after(const response& answer, unsigned attempts, const retry_options& how) {
  if (std::ranges::find(how.statuses, answer.status()) == how.statuses.end()) return std::nullopt;
  const auto wanted = answer.retry_after();
  // A server may want more seconds than there are nanoseconds to count.
  if (wanted && *wanted > std::chrono::floor<std::chrono::seconds>(how.pause.longest)) return std::nullopt;
  return std::max(how.pause.after(attempts), wanted ? duration(*wanted) : duration(0));
}

/// Gives the connection back, or closes it.
coro<void> let_go(response answer) { co_await answer.drain(); }

coro<response> ask_again(const retry_options& how, request_message& asked, request_sender& next) {
  const bool may_repeat = !how.only_idempotent || detail::is_idempotent(asked.method);
  for (unsigned attempts = 1;; ++attempts) {
    auto outcome = co_await as_result(next(asked));
    const bool is_last = attempts >= how.attempts || !may_repeat || !asked.body.can_repeat();
    if (!outcome) {
      if (is_last || !detail::is_passing(outcome.error())) std::rethrow_exception(outcome.error());
      co_await sleep(how.pause.after(attempts));
      continue;
    }
    const auto pause = is_last ? std::nullopt : pause_after(*outcome, attempts, how);
    if (!pause) co_return std::move(*outcome);
    co_await let_go(std::move(*outcome));
    co_await sleep(*pause);
  }
}

}  // namespace

client_middleware retries(retry_options how) {
  return [how = std::move(how)](request_message& asked, request_sender& next) -> coro<response> {
    co_return co_await ask_again(how, asked, next);
  };
}

}  // namespace hocket::http
