#include <algorithm>
#include <chrono>
#include <expected>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/crawl/detail/page_fetcher.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/http/coding/content_coding.hpp>
#include <hocket/http/status.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr std::size_t most_bytes_of_spare = 256 * 1024;  // that it keeps, whatever page comes next

/// In a coding that the session does not know, and has left as it is.
bool is_coded(const http::response& answer) {
  const auto coding = answer.headers().get("Content-Encoding");
  return coding && http::parse_content_encoding(*coding) == std::unexpected(http::content_encoding_error::unknown);
}

// What is found on a page takes memory twice: as it is, and in the lines that it becomes, in which each thing stands behind the page's own URL.
std::size_t bytes_of(const findings& found, std::size_t own) {
  std::size_t bytes = 0;
  for (const page_link& each : found.links) bytes += sizeof each + own + 2 * each.url.href().size();
  for (const std::string& each : found.items) bytes += sizeof each + own + 2 * each.size();
  for (const auto& each : found.elements.resources) bytes += sizeof each + own + 2 * each.url.size();
  for (const std::string& each : found.elements.anchors) bytes += sizeof each + own + 2 * each.size();
  for (const auto& each : found.elements.fragment_links)
    bytes += sizeof each + own + 2 * (each.url.size() + each.fragment.size());
  return bytes;
}

}  // namespace

fetched_page::fetched_page(const target& next, byte_budget& room) : final_url(next.place()), held(room) {
  if (!next.underway) return;
  redirects = next.underway->redirects;
  claimed = next.underway->claimed;
  spent = next.underway->spent;
  if (!redirects.empty()) status = redirects.back().status;
}

void fetched_page::disallow(const target& asked) {
  skipped = "robots";
  refused = final_url == asked.url;
  const std::string& href = final_url.href();
  if (refused && asked.depth == 0)
    note = left_alone ? fmt::format("{} is not fetched: {}; --ignore-robots fetches it", href, error)
                      : fmt::format("{} is disallowed by robots.txt; --ignore-robots fetches it", href);
  error = left_alone ? fmt::format("redirected to {}: {}", href, error)
                     : fmt::format("redirected to {}, which robots.txt disallows", href);
}

page_fetcher::page_fetcher(const parts& with)
    : options_(with.options),
      hooks_(with.hooks),
      roles_(with.roles),
      scope_(with.inside),
      asker_(with.web),
      robots_(with.robots),
      scheduler_(with.turns),
      duplicates_(with.options.max_duplicates, with.counts) {}

coro<void> page_fetcher::fetch(const target& next, fetched_page& result) {
  try {
    co_await attempt(next, result);
  } catch (const http::address_refused& refused) {
    result.skipped = "private_address";
    result.refused = result.final_url == next.url;
    result.error = refused.what();
  } catch (const robots_unreachable& failed) {
    result.error = failed.what();
    result.connection_failed = failed.may_pass();
    result.left_alone = failed.status() != 0;
  } catch (const std::system_error& failed) {
    result.error = failed.what();
    result.connection_failed = http::detail::is_passing(failed.code());
  } catch (const http::server_disconnected& failed) {
    result.error = failed.what();
    result.connection_failed = true;
  } catch (const std::exception& failed) {
    result.error = failed.what();
  }
}

// Its time runs while somebody answers, not while it waits for a turn or a robots.txt: a host may want to be asked less often than that.
coro<void> page_fetcher::attempt(const target& next, fetched_page& result) {
  bool is_allowed = next.underway && next.underway->is_allowed;
  for (;;) {
    if (options_.obey_robots && !std::exchange(is_allowed, false) && !co_await may_fetch(next, result)) co_return;
    const time_point asked_at = loop::running().time();
    auto answer =
        co_await asker_.ask(result.final_url, options_.timeout - result.spent, condition_for(result.final_url));
    take_head(answer, result);
    if (!asker::is_redirect(answer)) {
      co_await take_body(answer, result);
      co_return;
    }
    co_await pass_over(answer);
    result.spent += loop::running().time() - asked_at;
    url hop = asker::next_place(answer, result.final_url);
    result.redirects.push_back({answer.status(), std::exchange(result.final_url, std::move(hop))});
    if (!co_await may_go_on(next, result)) co_return;
    const bool counts_elsewhere =
        options_.per_address && result.final_url.host_with_port() != next.place().host_with_port();
    if (roles_.frontier->is_elsewhere(result.final_url)) co_return set_underway(result, false);
    if (counts_elsewhere || !scheduler_.try_take_slot(result.final_url)) co_return put_back(result, false);
    result.slot_taken = loop::running().time();
  }
}

// If too many wait elsewhere, the page ends with its redirect: where that leads waits as others do that were found, and a frontier may keep it.
void page_fetcher::put_back(fetched_page& result, bool is_allowed) const {
  if (!result.redirects.empty() && !scheduler_.may_wait_elsewhere()) {
    std::erase(result.claimed, result.final_url.href());
    result.ends_at_known = true;
    result.leaves_final_url = true;
    return;
  }
  set_underway(result, is_allowed);
}

void page_fetcher::set_underway(fetched_page& result, bool is_allowed) {
  result.underway = std::make_shared<const page_underway>(page_underway{.place = result.final_url,
                                                                        .is_allowed = is_allowed,
                                                                        .redirects = std::move(result.redirects),
                                                                        .claimed = std::move(result.claimed),
                                                                        .spent = result.spent});
}

// What an earlier crawl has of a page is not sent again as long as it is the same.
http::headers page_fetcher::condition_for(const url& where) const {
  http::headers fields;
  if (roles_.earlier) http::ask_if_changed(fields, roles_.earlier->validators_of(where));
  return fields;
}

// Asks for the robots.txt of where the page is now, if it is not known. That spends the slot of the host.
coro<bool> page_fetcher::may_fetch(const target& next, fetched_page& result) {
  const robots* rules = robots_.known(result.final_url);
  if (rules == nullptr) {
    rules = co_await robots_.ask(result.final_url);
    const bool allowed = rules->allows(result.final_url);
    scheduler_.renew_limits(result.final_url);
    if (allowed && scheduler_.try_take_slot(result.final_url)) co_return true;
    if (allowed) {
      put_back(result, true);
      co_return false;
    }
  } else {
    if (rules->allows(result.final_url)) co_return true;
    scheduler_.give_slot_back(result.final_url, result.slot_taken);
  }
  result.disallow(next);
  co_return false;
}

// Whether the place that it was redirected to is this page's to fetch.
coro<bool> page_fetcher::may_go_on(const target& next, fetched_page& result) {
  const url& from = result.redirects.back().from;
  for (const http::redirect_hop& hop : result.redirects)
    if (hop.from == result.final_url) throw http::too_many_redirects("redirected in a circle");
  if (!scope_.contains(result.final_url)) {
    co_await leave_out(next, result, "scope");
    if (next.depth == 0)
      result.note = fmt::format("{} is redirected to {}; crawl that, or widen --scope", without_user(next.url),
                                result.final_url.href());
    co_return false;
  }
  if (matches_any(options_.exclude, result.final_url)) {
    co_await leave_out(next, result, "excluded");
    co_return false;
  }
  if (asker_.is_refused_downgrade(from, result.final_url)) {
    refuse_downgrade(next, from, result);
    co_return false;
  }
  if (result.redirects.size() > options_.max_redirects)
    throw http::too_many_redirects(fmt::format("more than {} redirects", options_.max_redirects));
  co_return co_await claim(next, result);
}

coro<void> page_fetcher::leave_out(const target& next, fetched_page& result, std::string_view reason) {
  const std::string& href = result.final_url.href();
  if (co_await roles_.frontier->claim_for(next, href)) {
    result.claimed.push_back(href);
    result.skipped = reason;
  }
  result.error = fmt::format("redirected to {}, which is {}", href, reason == "scope" ? "out of scope" : reason);
}

// The place itself is not at fault: links may lead to it.
void page_fetcher::refuse_downgrade(const target& next, const url& from, fetched_page& result) {
  roles_.frontier->pass_over(result.final_url.href(), "downgrade");
  result.error = http::downgrade_refused(from, result.final_url).what();
  if (next.depth == 0) result.note = fmt::format("{}; --allow-downgrade follows it", result.error);
}

// One that was seen before has its own line, unless an earlier attempt at this page has seen it.
coro<bool> page_fetcher::claim(const target& next, fetched_page& result) {
  const std::string& href = result.final_url.href();
  const bool before = std::ranges::find(next.claimed, href) != next.claimed.end();
  result.ends_at_known = !before && !co_await roles_.frontier->claim_for(next, href);
  if (!result.ends_at_known) result.claimed.push_back(href);
  co_return !result.ends_at_known;
}

void page_fetcher::take_head(const http::response& answer, fetched_page& result) const {
  const http::headers& fields = answer.headers();
  result.status = answer.status();
  result.content_type = fields.get("Content-Type").value_or("");
  result.declared = {};
  if (fields.contains("X-Robots-Tag"))
    for (const std::string_view field : fields.get_all("X-Robots-Tag"))
      result.declared.robots.add_field(field, options_.user_agent);
  result.retry_after = asker::retry_after(answer);
  result.validators = answer.status() == 200 ? answer.validators() : http::validators();
}

coro<void> page_fetcher::take_body(http::response& answer, fetched_page& result) {
  if (was_not_sent(answer, result)) {
    co_await pass_over(answer);
    co_await recall(result);
    co_return;
  }
  if (!answer.ok())
    result.error = fmt::format("{} {}", result.status, http::reason_phrase(result.status));
  else if (is_coded(answer))
    result.error =
        fmt::format("the body is coded by '{}', which is not known", *answer.headers().get("Content-Encoding"));
  if (result.error.empty() && roles_.spider->wants(answer)) {
    co_await read_body(answer, result);
  } else {
    co_await pass_over(answer);
    result.bytes = answer.received();
  }
}

// A body that nobody looks at. Who records wants all of it; whether it can be had is for the record alone.
coro<void> page_fetcher::pass_over(http::response& answer) {
  if (!hooks_.record) co_return co_await answer.drain();
  const auto read = [&]() -> coro<void> {
    while (answer.received() <= options_.max_body_bytes && !(co_await answer.next()).empty()) {
    }
  };
  const auto outcome = co_await as_result(read());
  if (!outcome && is_cancelled(outcome.error())) throw cancelled{};
}

bool page_fetcher::was_not_sent(const http::response& answer, const fetched_page& result) const {
  return answer.is_not_modified() && roles_.earlier && !roles_.earlier->validators_of(result.final_url).empty();
}

// The page is what it was: so is all that becomes of it.
coro<void> page_fetcher::recall(fetched_page& result) {
  auto known = co_await roles_.earlier->recall(result.final_url);
  result.status = 200;
  result.content_type = std::move(known.content_type);
  result.bytes = known.bytes;
  result.validators = std::move(known.validators);
  result.content_hash = known.content_hash;
  result.recalled = std::make_unique<earlier_page>(std::move(known));
}

// What is found on a page that is too large or breaks off is kept.
coro<void> page_fetcher::read_body(http::response& answer, fetched_page& result) {
  result.reader = take_spare();
  result.reader->begin(answer);
  content_digest digest = duplicates_.begin();
  content_digest hash(0);  // for crawls to come, which know of no seed
  while (result.error.empty()) {
    std::string_view piece = co_await answer.next();
    result.is_partial = !piece.empty();  // until its end has come
    if (piece.empty()) break;
    const std::uint64_t room = options_.max_body_bytes - result.bytes;
    if (piece.size() > room) {
      piece = piece.substr(0, static_cast<std::size_t>(room));
      result.error =
          fmt::format("the body is larger than {} bytes; links are taken up to there", options_.max_body_bytes);
    }
    result.bytes += piece.size();
    result.reader->feed(piece);
    result.held.hold(result.reader->held_bytes());
    hash.feed(piece);
    if (duplicates_.are_counted()) digest.feed(piece);
  }
  result.body = digest;
  if (!result.is_partial) result.content_hash = hash.value();
}

void page_fetcher::recycle(fetched_page& done) {
  if (done.found != nullptr) {
    done.found->links.clear();
    done.found->elements = {};
    done.found = nullptr;
  }
  if (done.reader && done.reader->held_bytes() <= most_bytes_of_spare && done.error.empty())
    spare_.push_back(std::move(done.reader));
  done.reader.reset();
}

std::unique_ptr<page_reader> page_fetcher::take_spare() {
  if (spare_.empty()) return roles_.spider->make_reader(loop::running().random()());
  auto taken = std::move(spare_.back());
  spare_.pop_back();
  return taken;
}

// What the page declares goes to what its answer does.
void page_fetcher::finish(fetched_page& result) {
  if (result.body) result.is_duplicate = duplicates_.are_too_many(*result.body);
  const bool nothing_came = result.bytes == 0 && !result.error.empty();
  if (!result.recalled && (!result.reader || nothing_came)) return;
  try {
    result.found = result.recalled ? &result.recalled->found : &result.reader->finish(result.final_url);
  } catch (const std::exception& failed) {
    if (result.error.empty()) result.error = failed.what();
    return;
  }
  result.held.hold(bytes_of(*result.found, result.final_url.href().size()));
  if (result.error.empty()) result.error = result.found->error;
  if (hooks_.on_links) hooks_.on_links(result.final_url, *result.found);
  const robots_directives of_answer = result.declared.robots;
  result.declared = std::exchange(result.found->declared, {});
  result.declared.robots.noindex |= of_answer.noindex;
  result.declared.robots.nofollow |= of_answer.nofollow;
}

}  // namespace hocket::crawl::detail
