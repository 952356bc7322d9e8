// Hosts that may be asked now stand in `ready_`, each once; one that hands out a URL goes to the end. A host whose next slot
// lies ahead has a timer; one that has as many requests under way as it may have comes back when one of them is finished.

#include <algorithm>
#include <utility>

#include <hocket/core/sleep.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {

scheduler::~scheduler() {
  postponed_timer_.cancel();
  for (auto& [name, each] : hosts_) each->slot_timer.cancel();
}

scheduler::host& scheduler::host_of(const hocket::url& whose) {
  auto& entry = hosts_[std::string(whose.host_with_port())];
  if (!entry) {
    entry = std::make_unique<host>();
    entry->name = whose.host_with_port();
    entry->limits = limits_of_(whose);
  }
  return *entry;
}

void scheduler::add(target next) {
  if (by_level_ && next.depth > level_) {
    deeper_.push_back(std::move(next));
    return;
  }
  host& where = host_of(next.url);
  where.waiting.push_back(std::move(next));
  ++queued_;
  consider(where);
}

void scheduler::add_again(target next, duration delay, bool whole_host) {
  ++queued_;
  const time_point when = loop::running().time() + delay;
  if (whole_host) {
    host& where = host_of(next.url);
    where.next_slot = std::max(where.next_slot, when);
    if (where.is_linked()) where.unlink();
    add_in_front(std::move(next));
  } else {
    postponed_.emplace(when, std::move(next));
    wait_for_postponed();
  }
}

void scheduler::add_in_front(target next) {
  host& where = host_of(next.url);
  where.waiting.push_front(std::move(next));
  consider(where);
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
  if (which.next_slot > now.time()) {
    which.slot_timer.cancel();
    which.slot_timer = now.call_at(which.next_slot, [this, &which] { consider(which); });
    return;
  }
  ready_.push_back(which);
  changed_.set();
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
  target taken = std::move(which.waiting.front());
  which.waiting.pop_front();
  --queued_;
  ++in_flight_;
  ++which.in_flight;
  if (which.limits.delay > duration::zero()) which.next_slot = loop::running().time() + which.limits.delay;
  consider(which);
  co_return taken;
}

void scheduler::finished(const hocket::url& done) {
  host& which = host_of(done);
  --which.in_flight;
  --in_flight_;
  consider(which);
  forget_if_idle(which);
  if (in_flight_ == 0 && queued_ == 0) changed_.set();
}

void scheduler::begin_next_level() {
  ++level_;
  for (target& each : std::exchange(deeper_, {})) add(std::move(each));
}

coro<void> scheduler::take_slot(const hocket::url& whose) {
  host& where = host_of(whose);
  if (where.limits.delay <= duration::zero()) co_return;
  const time_point now = loop::running().time();
  const time_point mine = std::max(now, where.next_slot);
  where.next_slot = mine + where.limits.delay;
  if (where.is_linked()) where.unlink();  // its turn has just been taken
  consider(where);
  if (mine > now) co_await sleep(mine - now);
}

void scheduler::give_slot_back(const hocket::url& whose) {
  host& which = host_of(whose);
  which.next_slot = std::min(which.next_slot, loop::running().time());
}

void scheduler::renew_limits(const hocket::url& whose) {
  host& which = host_of(whose);
  which.limits = limits_of_(whose);
  which.next_slot = std::max(which.next_slot, loop::running().time() + which.limits.delay);
  if (which.is_linked() && which.in_flight >= which.limits.connections) which.unlink();
  consider(which);
}

void scheduler::abandon_new(const std::function<void(const target&)>& visit) {
  for (auto& [name, each] : hosts_) {
    queued_ -= std::erase_if(each->waiting, [&visit](const target& left) {
      if (left.attempts > 0) return false;
      visit(left);
      return true;
    });
    if (each->waiting.empty() && each->is_linked()) each->unlink();
  }
  for (const target& left : std::exchange(deeper_, {})) visit(left);
}

void scheduler::abandon(const std::function<void(const target&)>& visit) {
  abandon_new(visit);
  for (auto& [name, each] : hosts_) {
    for (const target& left : each->waiting) visit(left);
    each->waiting.clear();
    if (each->is_linked()) each->unlink();
  }
  for (const auto& [when, left] : std::exchange(postponed_, {})) visit(left);
  postponed_timer_.cancel();
  queued_ = 0;
}

void scheduler::forget_if_idle(host& which) {
  const bool resting = which.next_slot > loop::running().time();
  if (which.in_flight > 0 || !which.waiting.empty() || resting) return;
  which.slot_timer.cancel();
  hosts_.erase(hosts_.find(which.name));
}

}  // namespace hocket::crawl
