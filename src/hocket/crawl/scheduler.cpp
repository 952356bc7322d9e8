// Hosts that may be asked now stand in `ready_`, each once; one that hands out a URL goes to the end. A host whose next slot
// lies ahead has a timer; one that has as many requests under way as it may have comes back when one of them is finished.
// A host in `ready_` has taken room at its address, and one for which there is none waits there: so while any waits, all the room is taken,
// and whoever gives some up lets the next one in.

#include <algorithm>
#include <chrono>
#include <utility>

#include <hocket/core/cancel_scope.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {

static constexpr auto longest_adapted_delay = std::chrono::minutes(1);

scheduler::~scheduler() {
  postponed_timer_.cancel();
  for (auto& [name, each] : hosts_) {
    each->slot_timer.cancel();
    each->rest_timer.cancel();
  }
}

static bool was_redirected(const target& which) { return which.underway && !which.underway->redirects.empty(); }

scheduler::host* scheduler::find(const hocket::url& whose) {
  const auto found = hosts_.find(whose.host_with_port());
  return found == hosts_.end() ? nullptr : found->second.get();
}

scheduler::host& scheduler::host_of(const hocket::url& whose) {
  if (host* const known = find(whose)) return *known;
  auto& entry = hosts_[std::string(whose.host_with_port())];
  entry = std::make_unique<host>(options_.order);
  entry->name = whose.host_with_port();
  entry->limits = limits_of_(whose);
  return *entry;
}

duration scheduler::host::delay() const noexcept {
  if (!limits.adaptive) return limits.delay;
  return std::max(limits.delay, std::min<duration>(2 * latency, longest_adapted_delay));
}

void scheduler::answered(const hocket::url& whose, time_point asked_at) {
  host* const known = find(whose);
  if (known == nullptr || !known->limits.adaptive) return;
  host& which = *known;
  const duration latency = loop::running().time() - asked_at;
  which.latency = which.latency == duration::zero() ? latency : (3 * which.latency + latency) / 4;
  which.next_slot = std::max(which.next_slot, asked_at + which.delay());
}

void scheduler::add(target next) {
  if (options_.by_level && next.depth > level_) {
    deeper_.add(std::move(next));
    return;
  }
  host& where = host_of(next.place());
  come_back_if_rested(where);
  if (where.is_set_aside && options_.on_waiting) {
    options_.on_set_aside(next.place(), where.next_slot);
    options_.on_waiting(next);
    if (next.is_new()) return;
  }
  if (was_redirected(next)) ++redirected_;
  where.waiting.add(std::move(next));
  ++(where.is_set_aside ? aside_ : queued_);
  consider(where);
}

void scheduler::add_again(target next, duration delay, bool whole_host) {
  if (whole_host) {
    rest(next.place(), delay);
    put_back(std::move(next));
  } else {
    ++queued_;
    postponed_.emplace(loop::running().time() + delay, std::move(next));
    wait_for_postponed();
  }
}

void scheduler::put_back(target next) {
  ++queued_;
  add_in_front(std::move(next));
}

void scheduler::add_in_front(target next) {
  host& where = host_of(next.place());
  come_back_if_rested(where);
  const bool is_kept_elsewhere = where.is_set_aside && options_.on_waiting && next.is_new();
  if (where.is_set_aside && options_.on_waiting) options_.on_waiting(next);
  if (is_kept_elsewhere) {
    if (--queued_ == 0) changed_.set();
    return;
  }
  if (was_redirected(next)) ++redirected_;
  where.waiting.put_back(std::move(next));
  if (where.is_set_aside) ++aside_;
  if (where.is_set_aside && --queued_ == 0) changed_.set();
  consider(where);
}

duration scheduler::rest(const hocket::url& whose, duration how_long) {
  host& which = host_of(whose);
  come_back_if_rested(which);
  const time_point now = loop::running().time();
  which.next_slot = std::max(which.next_slot, now + how_long);
  const duration in_all = which.next_slot - now;
  withdraw(which);
  if (how_long > longest_rest || which.is_set_aside) set_aside(which, whose);
  consider(which);
  forget_if_idle(which);
  return in_all;
}

std::vector<resting_host> scheduler::resting() const {
  std::vector<resting_host> all;
  const time_point now = loop::running().time();
  for (const auto& [name, each] : hosts_)
    if (each->next_slot > now + each->delay())
      all.push_back({*hocket::url::parse("http://" + name + "/"), each->next_slot});
  return all;
}

void scheduler::set_aside(host& which, const hocket::url& whose) {
  if (options_.on_set_aside) options_.on_set_aside(whose, which.next_slot);
  come_back_in_time(which);
  if (std::exchange(which.is_set_aside, true)) return;
  queued_ -= which.waiting.size();
  if (options_.on_waiting) {
    which.waiting.drop_new(options_.on_waiting);
    which.waiting.visit_begun(options_.on_waiting);
  }
  aside_ += which.waiting.size();
  if (in_flight_ == 0 && queued_ == 0) changed_.set();
}

// Its rest is over, and it takes part again.
void scheduler::come_back(host& which) {
  if (!std::exchange(which.is_set_aside, false)) return;
  which.rest_timer.cancel();
  queued_ += which.waiting.size();
  aside_ -= which.waiting.size();
  if (options_.on_come_back) options_.on_come_back();
}

// One for which nothing waited had no reason to come back sooner.
void scheduler::come_back_if_rested(host& which) {
  if (which.is_set_aside && which.next_slot <= loop::running().time()) come_back(which);
}

// Whatever waits for it here: others may keep the rest of it.
void scheduler::come_back_in_time(host& which) {
  which.rest_timer.cancel();
  which.rest_timer = loop::running().call_at(which.next_slot, [this, &which] {
    come_back_if_rested(which);
    if (which.is_set_aside) come_back_in_time(which);  // another slot of it was taken
  });
}

void scheduler::wait_for_postponed() {
  postponed_timer_.cancel();
  if (postponed_.empty()) return;
  postponed_timer_ = loop::running().call_at(postponed_.begin()->first, [this] {
    const time_point now = loop::running().time();
    while (!postponed_.empty() && postponed_.begin()->first <= now)
      add_in_front(std::move(postponed_.extract(postponed_.begin()).mapped()));
    wait_for_postponed();
  });
}

// Lets the host take part, now or when its slot comes.
void scheduler::consider(host& which) {
  if (which.is_linked() || which.waiting.empty() || which.in_flight >= which.limits.connections) return;
  loop& now = loop::running();
  if (which.next_slot != time_point{} && which.next_slot > now.time()) {
    which.slot_timer.cancel();
    which.slot_timer = now.call_at(which.next_slot, [this, &which] { consider(which); });
    return;
  }
  come_back(which);
  line_up(which);
}

void scheduler::line_up(host& which) {
  if (which.at != nullptr) {
    if (which.at->taken >= *options_.per_address) return which.at->waiting.push_back(which);
    ++which.at->taken;
  }
  which.is_ready = true;
  ready_.push_back(which);
  changed_.set();
}

// Out of the line in which it stands.
void scheduler::withdraw(host& which) {
  if (which.is_linked()) which.unlink();
  if (std::exchange(which.is_ready, false)) make_room(which);
}

// One that was let in and has nothing to ask for now gives the room to the next.
void scheduler::make_room(host& which) {
  if (which.at == nullptr) return;
  address& here = *which.at;
  --here.taken;
  while (here.taken < *options_.per_address && !here.waiting.empty()) consider(here.waiting.pop_front());
}

bool scheduler::wants_address(const hocket::url& whose) { return options_.per_address && host_of(whose).at == nullptr; }

void scheduler::found_at(const hocket::url& whose, const std::string& address) {
  host& which = host_of(whose);
  if (which.at != nullptr) return;
  withdraw(which);
  which.at = &addresses_[address];
  which.address_name = address;
  ++which.at->hosts;
  which.at->taken += which.in_flight;
  consider(which);
}

bool scheduler::is_crowded(const hocket::url& whose) {
  const host* const known = find(whose);
  return known != nullptr && known->at != nullptr && known->at->taken > *options_.per_address;
}

coro<std::optional<target>> scheduler::next() {
  while (ready_.empty()) {
    if (queued_ == 0 && in_flight_ == 0) {
      if (deeper_.empty()) co_return std::nullopt;
      begin_next_level();
      continue;
    }
    changed_.clear();
    co_await changed_.wait();
  }
  host& which = ready_.pop_front();
  which.is_ready = false;  // its room is now that of the request
  target taken = take_from(which);
  --queued_;
  ++in_flight_;
  ++which.in_flight;
  if (which.limits.delay > duration::zero()) which.next_slot = loop::running().time() + which.delay();
  consider(which);
  co_return taken;
}

target scheduler::take_from(host& which) {
  target taken = which.waiting.pop();
  if (was_redirected(taken)) --redirected_;
  return taken;
}

void scheduler::answered_fully(const hocket::url& done) {
  host& which = host_of(done);
  --which.in_flight;
  make_room(which);
  consider(which);
  forget_if_idle(which);
}

void scheduler::finished(const hocket::url& done, bool was_answered_fully) {
  if (!was_answered_fully) answered_fully(done);
  --in_flight_;
  if (in_flight_ == 0 && queued_ == 0) changed_.set();
}

void scheduler::begin_next_level() {
  ++level_;
  for (target_queue all = std::exchange(deeper_, target_queue()); !all.empty();) add(all.pop());
}

bool scheduler::try_take_slot(const hocket::url& whose) {
  const host* const known = find(whose);
  if (known != nullptr && known->next_slot > loop::running().time()) return false;
  static_cast<void>(reserve_slot(whose));
  return true;
}

coro<bool> scheduler::take_slot(const hocket::url& whose, duration patience) {
  if (const host* const known = find(whose)) {
    const duration wait = known->next_slot - loop::running().time();
    if (wait > patience || (known->is_set_aside && wait > duration::zero())) co_return false;
  }
  const time_point mine = reserve_slot(whose);
  if (mine > loop::running().time()) {
    cancel_scope until_then({.deadline = mine});
    co_await until_then.run(waits_are_over_.wait());
  }
  co_return !waits_are_over_.is_set();
}

// When the next request may be made; nobody else's may then. A host that may be asked at any time needs no entry for that.
time_point scheduler::reserve_slot(const hocket::url& whose) {
  const time_point now = loop::running().time();
  host* const known = find(whose);
  if (known == nullptr && limits_of_(whose).delay <= duration::zero()) return now;
  host& where = known != nullptr ? *known : host_of(whose);
  come_back_if_rested(where);
  const time_point mine = std::max(now, where.next_slot);
  if (where.limits.delay <= duration::zero()) return mine;
  where.next_slot = mine + where.delay();
  withdraw(where);  // its turn has just been taken
  consider(where);
  forget_if_idle(where);
  return mine;
}

void scheduler::give_slot_back(const hocket::url& whose, time_point taken_at) {
  host* const known = find(whose);
  if (known == nullptr) return;
  host& which = *known;
  if (which.next_slot <= taken_at + which.delay())  // else it has asked for rest, or another one was taken
    which.next_slot = std::min(which.next_slot, loop::running().time());
}

void scheduler::renew_limits(const hocket::url& whose) {
  host& which = host_of(whose);
  which.limits = limits_of_(whose);
  come_back_if_rested(which);
  which.next_slot = std::max(which.next_slot, loop::running().time() + which.delay());
  withdraw(which);
  consider(which);
  forget_if_idle(which);
}

void scheduler::drop(const std::function<bool(const target&)>& unwanted) {
  const auto is_dropped = [&](const target& each) {
    const bool goes = unwanted(each);
    if (goes && was_redirected(each)) --redirected_;
    return goes;
  };
  for (auto& [name, each] : hosts_) {
    const std::size_t before = each->waiting.size();
    each->waiting.drop_if(is_dropped);
    (each->is_set_aside ? aside_ : queued_) -= before - each->waiting.size();
    if (each->waiting.empty()) withdraw(*each);
  }
  queued_ -= std::erase_if(postponed_, [&unwanted](const auto& each) { return unwanted(each.second); });
  deeper_.drop_if(unwanted);
  if (in_flight_ == 0 && queued_ == 0) changed_.set();
}

void scheduler::abandon_new(const std::function<void(const target&)>& visit) {
  for (auto& [name, each] : hosts_) {
    const std::size_t before = each->waiting.size();
    each->waiting.drop_new(visit);
    (each->is_set_aside ? aside_ : queued_) -= before - each->waiting.size();
    if (each->waiting.empty()) withdraw(*each);
  }
  queued_ -= std::erase_if(postponed_, [&visit](const auto& each) {
    if (each.second.is_new()) visit(each.second);
    return each.second.is_new();
  });
  while (!deeper_.empty()) visit(deeper_.pop());
}

void scheduler::abandon(const std::function<void(const target&)>& visit) {
  abandon_new(visit);
  for (auto& [name, each] : hosts_) {
    while (!each->waiting.empty()) visit(take_from(*each));
    withdraw(*each);
  }
  for (const auto& [when, left] : std::exchange(postponed_, {})) visit(left);
  postponed_timer_.cancel();
  queued_ = 0;
  aside_ = 0;
}

// One that rests is kept until its rest is over, for it might be asked again.
void scheduler::forget_if_idle(host& which) {
  if (which.in_flight > 0 || !which.waiting.empty()) return;
  which.slot_timer.cancel();
  loop& now = loop::running();
  if (which.next_slot > now.time()) {
    which.slot_timer = now.call_at(which.next_slot, [this, &which] { forget_if_idle(which); });
    return;
  }
  come_back(which);
  if (which.at != nullptr && --which.at->hosts == 0) addresses_.erase(addresses_.find(which.address_name));
  hosts_.erase(hosts_.find(which.name));
}

}  // namespace hocket::crawl
