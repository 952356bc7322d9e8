// A request holds a slot of its destination first and then one of the session: while it waits for a busy destination it takes nothing
// from the others. Connections that rest are closed when they have rested for `keep_alive`, and are not kept at all
// beyond the number that the session may use; they are looked at once more before they are used again.

#include <algorithm>
#include <optional>

#include <hocket/base/assert.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/connection_pool.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

lease& lease::operator=(lease&& other) noexcept {
  if (this != &other) {
    give_up();
    pool_ = std::exchange(other.pool_, nullptr);
    from_ = other.from_;
    connection_ = std::move(other.connection_);
  }
  return *this;
}

void lease::close_connection() noexcept {
  if (connection_ != nullptr) connection_->abandon();
  connection_.reset();
}

void lease::keep() noexcept {
  try {
    pool_->rest(*from_, std::move(connection_));
  } catch (const std::bad_alloc&) {
    connection_.reset();
  }
  give_up();
}

void lease::give_up() noexcept {
  if (pool_ == nullptr) return;
  close_connection();
  connection_pool& pool = *std::exchange(pool_, nullptr);
  pool.slots_.release();
  from_->slots.release();
  pool.leave(*from_);
}

connection_pool::~connection_pool() {
  sweeper_.cancel();
  for (const auto& [key, each] : destinations_)
    HOCKET_ASSERT(each->users == 0, "a session was destroyed before its requests and responses");
}

destination& connection_pool::enter(std::string key) {
  auto& entry = destinations_[key];
  if (!entry) entry = std::make_unique<destination>(std::move(key), options_.limit_per_host);
  ++entry->users;
  return *entry;
}

void connection_pool::leave(destination& from) noexcept {
  if (--from.users == 0 && from.idle.empty()) destinations_.erase(destinations_.find(from.key));
}

// Without waiting it costs no timer.
static coro<void> wait_for_slots(semaphore& first, bool& has_first, semaphore& second) {
  co_await first.acquire();
  has_first = true;
  co_await second.acquire();
}

coro<lease> connection_pool::acquire(route where, time_point deadline, trace_point trace) {
  destination& there = enter(where.key());
  const bool queued = there.slots.locked() || slots_.locked();
  if (queued) trace.tell(&tracing::connection_queued_start);
  bool has_slot = false;
  try {
    if (queued)
      co_await with_timeout_at(deadline, wait_for_slots(there.slots, has_slot, slots_));
    else
      co_await wait_for_slots(there.slots, has_slot, slots_);
  } catch (...) {
    if (has_slot) there.slots.release();
    leave(there);
    throw;
  }
  lease mine(*this, there);
  if (queued) trace.tell(&tracing::connection_queued_end);
  mine.use(take_idle(there));
  if (mine.has_connection()) trace.tell(&tracing::connection_reused);
  co_return mine;
}

void connection_pool::rest(destination& where, std::shared_ptr<h1_connection> used) {
  if (idle_ >= options_.limit) return;
  used->rest(loop::running().time());
  where.idle.push_back(std::move(used));
  ++idle_;
  if (std::exchange(sweeping_, true)) return;
  sweeper_ = loop::running().call_later(options_.keep_alive, [this] { sweep(); });
}

std::shared_ptr<h1_connection> connection_pool::take_idle(destination& from) noexcept {
  while (!from.idle.empty()) {
    auto candidate = std::move(from.idle.back());
    from.idle.pop_back();
    --idle_;
    const bool fresh = loop::running().time() - candidate->rests_since() < options_.keep_alive;
    if (fresh && !candidate->has_something_to_read()) return candidate;
  }
  return nullptr;
}

void connection_pool::sweep() noexcept {
  const time_point now = loop::running().time();
  std::optional<time_point> oldest;
  for (auto entry = destinations_.begin(); entry != destinations_.end();) {
    auto& idle = entry->second->idle;
    idle_ -= std::erase_if(idle, [&](const auto& each) { return now - each->rests_since() >= options_.keep_alive; });
    if (!idle.empty()) oldest = std::min(oldest.value_or(idle.front()->rests_since()), idle.front()->rests_since());
    if (idle.empty() && entry->second->users == 0)
      entry = destinations_.erase(entry);
    else
      ++entry;
  }
  sweeping_ = oldest.has_value();
  if (oldest) sweeper_ = loop::running().call_at(*oldest + options_.keep_alive, [this] { sweep(); });
}

}  // namespace hocket::http::detail
