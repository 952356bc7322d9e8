#include <limits>
#include <utility>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/detail/spread_urls.hpp>

namespace hocket::crawl::detail {

spread_urls::spread_urls(const options& how)
    : seed_(how.seed),
      by_level_(how.by_level),
      desks_(how.loops),
      room_(how.max_pages.value_or(std::numeric_limits<std::uint64_t>::max())) {
  for (std::size_t n = 0; n < how.loops; ++n) hosts_.push_back(std::make_unique<hosts_of_loop>(how.seed));
}

std::size_t spread_urls::owner_of(const url& where) const noexcept {
  return text_hash(where.host_with_port(), seed_) % hosts_.size();
}

template <class Function>
auto spread_urls::with_owner_of(const url& where, Function function) {
  hosts_of_loop& owner = *hosts_[owner_of(where)];
  const std::lock_guard guard(owner.mutex);
  return function(owner.seen);
}

bool spread_urls::see(const url& found, unsigned depth) {
  return with_owner_of(found, [&](seen_urls& seen) { return seen.see(found.href(), depth); });
}

bool spread_urls::claim(const url& where) {
  return with_owner_of(where, [&](seen_urls& seen) { return seen.claim(where.href()); });
}

void spread_urls::keep(const url& where) {
  with_owner_of(where, [&](seen_urls& seen) { seen.keep(where.href()); });
}

std::optional<unsigned> spread_urls::release(const url& where) {
  return with_owner_of(where, [&](seen_urls& seen) { return seen.release(where.href()); });
}

bool spread_urls::contains(const url& where) {
  return with_owner_of(where, [&](const seen_urls& seen) { return seen.contains(where.href()); });
}

std::size_t spread_urls::seen() {
  std::size_t sum = 0;
  for (const auto& each : hosts_) {
    const std::lock_guard guard(each->mutex);
    sum += each->seen.size();
  }
  return sum;
}

void spread_urls::wake_by(std::size_t loop, std::function<void()> wake) {
  const std::lock_guard guard(mutex_);
  desks_[loop].wake = std::move(wake);
}

// Under the mutex.
void spread_urls::call_up(desk& which) {
  if (std::exchange(which.rests, false)) --resting_;
  if (which.wake && !std::exchange(which.was_woken, true)) which.wake();
}

void spread_urls::send(found what) {
  const std::size_t owner = owner_of(what.url);
  const std::lock_guard guard(mutex_);
  desks_[owner].arrived.push_back(std::move(what));
  call_up(desks_[owner]);
}

std::vector<spread_urls::found> spread_urls::take(std::size_t loop) {
  const std::lock_guard guard(mutex_);
  desks_[loop].was_woken = false;
  return std::exchange(desks_[loop].arrived, {});
}

bool spread_urls::begin_page() {
  const std::lock_guard guard(mutex_);
  if (room_ == 0) return false;
  --room_;
  return true;
}

void spread_urls::end_none() {
  const std::lock_guard guard(mutex_);
  ++room_;
  for (desk& each : desks_)
    if (each.rests) call_up(each);
}

std::uint64_t spread_urls::room() {
  const std::lock_guard guard(mutex_);
  return room_;
}

unsigned spread_urls::level() {
  const std::lock_guard guard(mutex_);
  return by_level_ ? level_ : std::numeric_limits<unsigned>::max();
}

bool spread_urls::rest(std::size_t loop, std::size_t deeper, bool wants_room) {
  const std::lock_guard guard(mutex_);
  desk& mine = desks_[loop];
  if (is_over_ || !mine.arrived.empty() || (wants_room && room_ > 0)) return false;
  mine.deeper = deeper;
  if (!std::exchange(mine.rests, true)) ++resting_;
  if (resting_ < desks_.size()) return true;
  std::size_t waiting = 0;
  for (const desk& each : desks_) waiting += each.deeper;
  if (waiting > 0)
    ++level_;
  else
    is_over_ = true;
  for (desk& each : desks_) call_up(each);
  return true;
}

void spread_urls::stir(std::size_t loop) {
  const std::lock_guard guard(mutex_);
  if (std::exchange(desks_[loop].rests, false)) --resting_;
}

bool spread_urls::is_over() {
  const std::lock_guard guard(mutex_);
  return is_over_;
}

}  // namespace hocket::crawl::detail
