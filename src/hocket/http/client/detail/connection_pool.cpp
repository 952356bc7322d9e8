// A request holds a slot of its destination first and then one of the session: while it waits for a busy destination it takes nothing
// from the others. Of the session's, all who share a connection have one. Connections that rest are closed when they have rested for `keep_alive`, and are not kept at all
// beyond the number that the session may use; they are looked at once more before they are used again.
//
// A slot of a destination is a connection of HTTP/1.1, or a request over HTTP/2: until the server has said how many of these it takes at once
// there are no more than of those. Where a connection may turn out to be shared (HTTP/2), one opens it and the others wait: it is shared, or each
// opens its own. When opening fails they try all at once, for the failure may have been that one's bad luck; but where HTTP/2 is spoken, and
// they may be a hundred, it is the failure of all who waited.

#include <algorithm>
#include <optional>

#include <hocket/base/assert.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/connection_pool.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

// ---- a lease

lease::lease(lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      from_(other.from_),
      carrier_(std::move(other.carrier_)),
      alone_(std::move(other.alone_)),
      stream_(std::move(other.stream_)),
      has_slot_(std::exchange(other.has_slot_, false)),
      shared_slot_(std::move(other.shared_slot_)) {}

lease& lease::operator=(lease&& other) noexcept {
  if (this != &other) {
    give_up();
    pool_ = std::exchange(other.pool_, nullptr);
    from_ = other.from_;
    carrier_ = std::move(other.carrier_);
    alone_ = std::move(other.alone_);
    stream_ = std::move(other.stream_);
    has_slot_ = std::exchange(other.has_slot_, false);
    shared_slot_ = std::move(other.shared_slot_);
  }
  return *this;
}

void lease::use(std::shared_ptr<h1_connection> alone) noexcept {
  carrier_ = alone;
  alone_ = std::move(alone);
}

void lease::use(std::shared_ptr<h2_client_stream> stream) noexcept {
  carrier_ = stream;
  stream_ = std::move(stream);
}

upgraded_stream lease::take_over() {
  carrier_.reset();
  if (const auto stream = std::exchange(stream_, nullptr)) return {stream->open_tunnel(), {}};
  const auto alone = std::exchange(alone_, nullptr);
  buffer early = alone->take_rest();
  return {alone->release(), std::move(early)};
}

void lease::close_connection() noexcept {
  if (carrier_ != nullptr) carrier_->abandon();
  carrier_.reset();
  alone_.reset();
  stream_.reset();
}

void lease::keep() noexcept {
  carrier_.reset();
  try {
    pool_->rest(*from_, std::move(alone_));
  } catch (const std::bad_alloc&) {
    alone_.reset();
  }
  give_up();
}

void lease::give_up() noexcept {
  if (pool_ == nullptr) return;
  close_connection();
  connection_pool& pool = *std::exchange(pool_, nullptr);
  shared_slot_.reset();
  if (std::exchange(has_slot_, false)) pool.slots_.release();
  from_->slots.release();
  pool.leave(*from_);
}

// ---- who may use one

connection_pool::~connection_pool() {
  sweeper_.cancel();
  for (const auto& [key, each] : destinations_) {
    HOCKET_ASSERT(each->users == 0, "a session was destroyed before its requests and responses");
    stop_sharing(*each);
  }
}

destination& connection_pool::enter(route where) {
  std::string key = where.key();
  auto found = destinations_.find(key);
  if (found == destinations_.end()) {
    auto made = std::make_unique<destination>(key, may_offer_http2(where) ? first_slots() : options_.limit_per_host);
    found = destinations_.emplace(std::move(key), std::move(made)).first;
  }
  ++found->second->users;
  return *found->second;
}

void connection_pool::leave(destination& from) noexcept {
  rest_shared(from);
  --from.users;
  forget_if_unused(from);
}

void connection_pool::forget_if_unused(destination& one) noexcept {
  if (one.users == 0 && one.idle.empty() && one.shared == nullptr) destinations_.erase(destinations_.find(one.key));
}

coro<void> connection_pool::wait_for_slots(destination& there, lease& mine) {
  co_await there.slots.acquire();
  mine.pool_ = this;
  mine.from_ = &there;
  if (!slots_.locked() && there.shared_slot.expired())
    co_await take_own_slot(mine);
  else
    co_await take_slot(there, mine);
}

// Who can share a connection in use needs none, and waits for none any longer.
coro<void> connection_pool::take_slot(destination& there, lease& mine) {
  while (!mine.has_slot_ && there.shared_slot.expired()) {
    destination::waiter here;
    there.without_slot.push_back(here);
    co_await here.wait.run(take_own_slot(mine));
  }
}

coro<void> connection_pool::take_own_slot(lease& mine) {
  co_await slots_.acquire();
  mine.has_slot_ = true;
}

coro<lease> connection_pool::acquire(route where, time_point deadline, trace_point trace) {
  destination& there = enter(where);
  const bool queued = there.slots.locked() || (there.shared_slot.expired() && slots_.locked());
  lease mine;
  try {
    if (queued) trace.tell(&tracing::connection_queued_start);
    if (queued)
      co_await with_timeout_at(deadline, wait_for_slots(there, mine));
    else  // costs no timer
      co_await wait_for_slots(there, mine);
  } catch (...) {
    if (!mine) leave(there);
    throw;
  }
  if (queued) trace.tell(&tracing::connection_queued_end);
  if (!take_shared(there, mine)) mine.use(take_idle(there));
  if (mine.has_connection()) trace.tell(&tracing::connection_reused);
  co_return mine;
}

lease connection_pool::take_for_websocket(route where) {
  where.needs_http1 = false;
  const auto found = destinations_.find(where.key());
  if (found == destinations_.end()) return {};
  destination& there = *found->second;
  if (there.shared == nullptr || !there.shared->takes_websocket() || !there.slots.try_acquire()) return {};
  ++there.users;
  lease mine(*this, there);
  mine.use(there.shared->make_stream_for_websocket());
  if (std::exchange(there.is_resting, false)) --idle_;
  return mine;
}

// ---- opening

bool connection_pool::may_offer_http2(route where) const noexcept {
  if (where.needs_http1) return false;
  return where.is_secure() ? options_.http2.over_tls : options_.http2.prior_knowledge && !where.is_forwarded();
}

bool connection_pool::may_share(const destination& there, route where) const noexcept {
  if (there.spoken == destination::protocol::unknown) return may_offer_http2(where);
  return there.spoken == destination::protocol::http2;
}

std::size_t connection_pool::first_slots() const noexcept {
  return std::min<std::size_t>(options_.limit_per_host, options_.http2.max_streams);
}

coro<bool> connection_pool::open(lease& mine, route where, trace_point trace) {
  for (;;) {
    if (take_shared(*mine.from_, mine)) {
      trace.tell(&tracing::connection_reused);
      co_return false;
    }
    mine.shared_slot_.reset();  // that of a connection which has ended
    if (!mine.has_slot_) {      // not behind the lock, for which others wait that have one
      co_await take_slot(*mine.from_, mine);
      continue;
    }
    if (!may_share(*mine.from_, where)) break;
    if (const auto opened = co_await open_in_turn(mine, where, trace)) co_return *opened;
    if (!mine.from_->slots.overdrawn()) break;
    // It does not share any more, and too many have come who thought that it would.
    mine.give_up();
    mine = co_await acquire(where, time_point::max(), trace);
    if (mine.has_connection()) co_return false;
  }
  co_return co_await open_one(mine, where, trace);
}

// Nothing: each should open its own.
coro<std::optional<bool>> connection_pool::open_in_turn(lease& mine, route where, trace_point trace) {
  destination& there = *mine.from_;
  const std::size_t failures = there.failures;
  const bool shares = there.spoken == destination::protocol::http2;
  const lock::guard turn = co_await there.opening.scoped_lock();
  if (take_shared(there, mine)) {
    trace.tell(&tracing::connection_reused);
    co_return false;
  }
  if (there.failures != failures && shares) std::rethrow_exception(there.failure);
  if (there.failures != failures || !may_share(there, where)) co_return std::nullopt;
  const auto opened = co_await as_result(open_one(mine, where, trace));
  if (opened) co_return *opened;
  if (!is_cancelled(opened.error())) {
    ++there.failures;
    there.failure = opened.error();
  }
  std::rethrow_exception(opened.error());
}

coro<bool> connection_pool::open_one(lease& mine, route where, trace_point trace) {
  destination& there = *mine.from_;
  auto opened = co_await connector_.open(where, trace);
  if (auto* const alone = std::get_if<std::shared_ptr<h1_connection>>(&opened)) {
    there.spoken = destination::protocol::http1;
    there.slots.set_total(options_.limit_per_host);
    mine.use(std::move(*alone));
    co_return true;
  }
  auto& made = std::get<std::shared_ptr<h2_client_connection>>(opened);
  try {
    if (take_shared(there, mine)) {  // another was faster
      made->close();
      co_return false;
    }
    share(there, made);
    share_slot(there, mine);
    mine.use(made->make_stream());
  } catch (...) {
    made->close();
    throw;
  }
  co_return true;
}

// ---- the one that is shared

bool connection_pool::take_shared(destination& from, lease& mine) {
  if (from.shared == nullptr) return false;
  if (!from.shared->takes_requests()) {
    stop_sharing(from);
    return false;
  }
  if (from.shared_slot.expired() && !mine.has_slot_) return false;
  share_slot(from, mine);
  mine.use(from.shared->make_stream());
  if (std::exchange(from.is_resting, false)) --idle_;
  return true;
}

void connection_pool::share_slot(destination& of, lease& mine) {
  auto slot = of.shared_slot.lock();
  if (slot == nullptr) {
    HOCKET_ASSERT(mine.has_slot_, "a connection is used without a slot");
    slot = std::make_shared<semaphore::permit>(slots_);
    of.shared_slot = slot;
    of.without_slot.for_each([](destination::waiter& each) { each.wait.cancel(); });
  } else if (mine.has_slot_) {
    slots_.release();
  }
  mine.has_slot_ = false;
  mine.shared_slot_ = std::move(slot);
}

void connection_pool::share(destination& at, std::shared_ptr<h2_client_connection> opened) {
  stop_sharing(at);
  at.spoken = destination::protocol::http2;
  at.shared = std::move(opened);
  at.shared->watch([this, &at] { shared_has_changed(at); });
  set_slots(at);
}

void connection_pool::shared_has_changed(destination& at) noexcept {
  if (at.shared->is_ending())
    stop_sharing(at);
  else
    set_slots(at);
  rest_shared(at);
  forget_if_unused(at);
}

void connection_pool::stop_sharing(destination& at) noexcept {
  if (at.shared == nullptr) return;
  at.shared->close();
  at.shared.reset();
  at.shared_slot.reset();
  if (std::exchange(at.is_resting, false)) --idle_;
  at.slots.require_total(first_slots());  // it may have allowed fewer, or nothing
}

void connection_pool::set_slots(destination& of) noexcept {
  of.slots.set_total(of.shared->most_requests().value_or(first_slots()));
}

void connection_pool::rest_shared(destination& where) noexcept {
  if (where.shared == nullptr || where.is_resting || where.shared->live() > 0) return;
  if (idle_ >= options_.limit || where.shared->is_ending()) return stop_sharing(where);
  where.is_resting = true;
  ++idle_;
  try {
    sweep_later();
  } catch (const std::bad_alloc&) {
    stop_sharing(where);
  }
}

// ---- those that rest

void connection_pool::rest(destination& where, std::shared_ptr<h1_connection> used) {
  if (idle_ >= options_.limit) return;
  used->rest(loop::running().turn_time());
  where.idle.push_back(std::move(used));
  ++idle_;
  sweep_later();
}

void connection_pool::sweep_later() {
  if (sweeping_) return;
  sweeper_ = loop::running().call_later(options_.keep_alive, [this] { sweep(); });
  sweeping_ = true;
}

std::shared_ptr<h1_connection> connection_pool::take_idle(destination& from) noexcept {
  while (!from.idle.empty()) {
    auto candidate = std::move(from.idle.back());
    from.idle.pop_back();
    --idle_;
    const bool fresh = loop::running().turn_time() - candidate->rests_since() < options_.keep_alive;
    if (fresh && !candidate->has_something_to_read()) return candidate;
  }
  return nullptr;
}

void connection_pool::sweep() noexcept {
  const time_point now = loop::running().time();
  std::optional<time_point> oldest;
  const auto note = [&oldest](time_point since) { oldest = std::min(oldest.value_or(since), since); };
  for (auto entry = destinations_.begin(); entry != destinations_.end();) {
    destination& each = *entry->second;
    idle_ -= std::erase_if(each.idle, [&](const auto& one) { return now - one->rests_since() >= options_.keep_alive; });
    if (!each.idle.empty()) note(each.idle.front()->rests_since());
    if (each.is_resting && (now - each.shared->idle_since() >= options_.keep_alive || each.shared->is_ending()))
      stop_sharing(each);
    if (each.is_resting) note(each.shared->idle_since());
    if (each.idle.empty() && each.shared == nullptr && each.users == 0)
      entry = destinations_.erase(entry);
    else
      ++entry;
  }
  sweeping_ = oldest.has_value();
  if (oldest) sweeper_ = loop::running().call_at(*oldest + options_.keep_alive, [this] { sweep(); });
}

}  // namespace hocket::http::detail
