#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <hocket/crawl/detail/asker.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/status.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {
namespace {

constexpr auto good_for = std::chrono::hours(24);
constexpr auto first_rest = std::chrono::milliseconds(500);
constexpr auto longest_rest = std::chrono::minutes(10);
constexpr unsigned most_redirects = 5;

/// Scheme, host and port, with the user if there is one.
std::string_view origin_of(const url& where) noexcept {
  const char* const begin = where.href().data();
  return {begin, static_cast<std::size_t>(where.path().data() - begin)};
}

coro<std::string> beginning_of(http::response& answer) {
  std::string text;
  while (text.size() <= robots::max_size) {
    const std::string_view piece = co_await answer.next();
    if (piece.empty()) break;
    text += piece;
  }
  co_return text;
}

}  // namespace

struct robots_cache::user {
  entry& of;
  explicit user(entry& used) noexcept : of(used) { ++of.asking; }
  ~user() { --of.asking; }
  user(const user&) = delete;
};

const robots* robots_cache::known(const url& where) const {
  const auto found = entries_.find(origin_of(where));
  if (found == entries_.end()) return nullptr;
  const entry& kept = *found->second;
  kept.used = ++uses_;
  return kept.rules && loop::running().turn_time() < kept.good_until ? &*kept.rules : nullptr;
}

coro<const robots*> robots_cache::ask(url where) {
  entry& kept = entry_of(where);
  const user until_it_ends(kept);
  const auto held = co_await kept.fetching.scoped_lock();
  const time_point now = loop::running().time();
  if (now < kept.good_until) {
    if (kept.rules) co_return &*kept.rules;
    throw robots_unreachable(*kept.failure);
  }
  try {
    std::size_t size = 0;
    kept.rules = co_await fetch(*url::parse("/robots.txt", where), size);
    bytes_ += size - std::exchange(kept.bytes, size);
    kept.good_until = loop::running().time() + good_for;
    kept.failures = 0;
  } catch (const robots_unreachable& failed) {
    fail(kept, failed);
  } catch (const http::address_refused&) {
    throw;  // nobody was asked
  } catch (const std::exception& failed) {
    fail(kept, robots_unreachable(failed.what(), 0, http::detail::is_passing(std::current_exception())));
  }
  if (!kept.rules) throw robots_unreachable(*kept.failure);
  co_return &*kept.rules;
}

robots_cache::entry& robots_cache::entry_of(const url& where) {
  auto found = entries_.find(origin_of(where));
  if (found == entries_.end()) {
    if (entries_.size() >= most_origins || bytes_ > most_bytes) forget_some();
    found = entries_.emplace(origin_of(where), std::make_unique<entry>()).first;
  }
  found->second->used = ++uses_;
  return *found->second;
}

// Whoever names hosts without end, each with a file of its own, would fill the memory.
void robots_cache::forget_some() {
  std::vector<std::uint64_t> uses;
  for (const auto& [origin, kept] : entries_) uses.push_back(kept->used);
  const auto middle = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 2);
  std::ranges::nth_element(uses, middle);
  std::erase_if(entries_, [&](const auto& each) {
    const bool goes = each.second->used < *middle && each.second->asking == 0;
    if (goes) bytes_ -= each.second->bytes;
    return goes;
  });
}

void robots_cache::fail(entry& where, robots_unreachable why) {
  const duration rest = first_rest * (1U << std::min(where.failures, 12U));
  ++where.failures;
  where.failure.emplace(std::move(why));
  where.good_until = loop::running().time() + std::min<duration>(rest, longest_rest);
}

coro<robots> robots_cache::fetch(url place, std::size_t& bytes) {
  ++fetched_;
  detail::redirect_chain chain{.place = std::move(place), .time_left = timeout_, .most = most_redirects};
  detail::asker::entrance enter = [this](const url& next) -> coro<bool> {
    co_return co_await turns_.take_slot(next, scheduler::longest_rest);
  };
  std::optional<http::response> answer;
  try {
    answer = co_await web_.follow(chain, enter);
  } catch (const http::too_many_redirects&) {
    co_return robots();
  }
  if (!answer)
    throw robots_unreachable(
        fmt::format("robots.txt cannot be had: it is at {}, which is left alone", chain.place.host_with_port()), 0,
        true);
  const int status = answer->status();
  if (status >= 500) {
    co_await answer->drain();
    throw robots_unreachable(fmt::format("robots.txt cannot be had: {} {}", status, http::reason_phrase(status)),
                             status, true);
  }
  if (status < 200 || status > 299) {
    co_await answer->drain();
    co_return robots();
  }
  const std::string text = co_await beginning_of(*answer);
  bytes = text.size();
  co_return robots::parse(text, user_agent_);
}

}  // namespace hocket::crawl
