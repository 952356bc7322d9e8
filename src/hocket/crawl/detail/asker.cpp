#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <hocket/crawl/detail/asker.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/redirect.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::crawl::detail {

static constexpr auto first_retry_after = std::chrono::milliseconds(500);

coro<http::response> asker::ask(const url& where, duration time_left, http::headers fields, method how) {
  http::request_options asked{.fields = std::move(fields), .timeout = time_left, .max_redirects = 0};
  if (with_.hooks.before_request) with_.hooks.before_request(where, asked);
  const time_point asked_at = loop::running().time();
  auto asking = how == method::head ? with_.web.head(where, std::move(asked)) : with_.web.get(where, std::move(asked));
  auto answer = co_await std::move(asking);
  with_.turns.answered(where, asked_at);
  if (with_.hooks.on_response) with_.hooks.on_response(where, answer);
  if (const auto rest = retry_after(answer); rest && *rest > duration::zero()) with_.rest(where, *rest);
  co_return answer;
}

std::optional<duration> asker::retry_after(const http::response& answer) {
  if (answer.status() != 429 && answer.status() != 503) return std::nullopt;
  return std::min(answer.retry_after().value_or(std::chrono::seconds(0)), longest_retry_after);
}

duration asker::wait_before_again(unsigned attempts, std::optional<duration> retry_after) {
  const duration backoff = first_retry_after * (1U << std::min(attempts, 6U));
  return std::max(backoff, retry_after.value_or(backoff));
}

bool asker::is_redirect(const http::response& answer) {
  return http::detail::is_redirect(answer.status()) && answer.headers().contains("Location");
}

url asker::next_place(const http::response& answer, const url& from) {
  const std::string_view location = answer.headers().get("Location").value_or("");
  auto place = url::parse(location, from);
  if (!place || (place->scheme() != "http" && place->scheme() != "https"))
    throw http::client_error(fmt::format("redirected to '{}', which is not an http(s) URL",
                                         place ? without_user(*place) : without_user(location)));
  return without_credentials(std::move(*place).without_fragment());
}

bool asker::is_refused_downgrade(const url& from, const url& to) const {
  return from.scheme() == "https" && to.scheme() == "http" && !with_.options.allow_downgrade;
}

coro<std::optional<http::response>> asker::follow(redirect_chain& chain, entrance& enter, method how) {
  for (;;) {
    const time_point asked_at = loop::running().time();
    auto answer = co_await ask(chain.place, chain.time_left, {}, how);
    chain.status = answer.status();
    const bool leads_on = is_redirect(answer);
    if (leads_on) co_await answer.drain();
    chain.time_left -= loop::running().time() - asked_at;
    if (!leads_on) co_return answer;
    url next = next_place(answer, chain.place);
    if (is_refused_downgrade(chain.place, next)) throw http::downgrade_refused(chain.place, next);
    if (chain.followed++ == chain.most)
      throw http::too_many_redirects(fmt::format("more than {} redirects", chain.most));
    chain.place = std::move(next);
    if (!co_await enter(chain.place)) co_return std::nullopt;
  }
}

}  // namespace hocket::crawl::detail
