// Timers of a loop: a wheel for those that lie ahead, and a four-way heap for those that are due soon.
//
// The wheel has a level for each six-bit digit of a deadline's tick (66 us), with a slot for each value of the digit. A timer
// stands at the highest digit in which its tick differs from that of `base_`: it costs a link. When the first slot's time
// comes, `base_` moves there and its timers go down, to finer slots and at last to the heap, which puts them in exact order.
// All that is slow about this is the memory of timers that lay untouched: a slot has four lists, which are emptied abreast.
//
// Lists keep the order of registration, and timers of one deadline stand in one list; so equal ones fire in that order. What
// is scheduled before `base_`, which is ahead of the clock when the loop sleeps until a distant timer, goes into the heap; so
// do the first few, as long as there are no others.

#include <algorithm>
#include <bit>

#include <hocket/loop/timer_queue.hpp>

namespace hocket {

static constexpr std::size_t ways = 4;
static constexpr std::size_t small_heap = 16;  // quicker than the wheel

static std::uint64_t bit(unsigned slot) noexcept { return std::uint64_t{1} << slot; }
static unsigned first_of(std::uint64_t slots) noexcept { return static_cast<unsigned>(std::countr_zero(slots)); }

void timer_queue::schedule(timer_node& node, time_point deadline) {
  reserve_one();  // so that nothing else has to
  node.deadline_ = deadline;
  look_at_ = empty() ? deadline : std::min(look_at_, deadline);
  if (tick_of(deadline) < base_) {
    ++early_;
    if (is_worth_rewinding()) rewind_to(now_);
  }
  if (tick_of(deadline) < base_ || (in_wheel_ == 0 && heap_.size() < small_heap))
    push(node);
  else
    put_into_wheel(node);
}

void timer_queue::cancel(timer_node& node) noexcept {
  if (node.place_ != timer_node::in_wheel) return remove(node.place_);
  const tick when = tick_of(node.deadline_);
  const unsigned level = level_of(when);
  const unsigned slot = digit(when, level);
  node.unlink();
  node.place_ = timer_node::nowhere;
  --in_wheel_;
  if (std::ranges::all_of(wheel_[level][slot], &intrusive_list<timer_node>::empty)) occupied_[level] &= ~bit(slot);
}

timer_queue::time_point timer_queue::next_deadline() noexcept {
  bring_down(last_tick);
  return heap_.front().deadline;
}

timer_queue::time_point timer_queue::time_to_look(time_point now) noexcept {
  if (look_at_ <= now) look_at_ = std::max(now, next_deadline());
  return look_at_;
}

timer_node& timer_queue::pop() noexcept {
  bring_down(last_tick);
  timer_node& node = *heap_.front().node;
  remove(0);
  return node;
}

void timer_queue::collect_due(time_point now, ready_queue& ready) noexcept {
  now_ = tick_of(now);
  for (;;) {
    bring_down(now_);
    if (heap_.empty() || heap_.front().deadline > now) break;
    timer_node& node = *heap_.front().node;
    remove(0);
    ready.push_back(node);
  }
  if (base_ < now_) advance_to(now_);
}

// ---- the wheel

timer_queue::tick timer_queue::tick_of(time_point when) noexcept {
  const auto from_the_beginning =
      static_cast<std::uint64_t>(when.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
  return from_the_beginning >> tick_bits;
}

unsigned timer_queue::digit(tick of, unsigned level) noexcept {
  return static_cast<unsigned>(of >> (level * digit_bits)) % slots;
}

// The deadline alone chooses the list, so that equal ones stand in one.
unsigned timer_queue::lane_of(time_point when) noexcept {
  const auto mixed = static_cast<std::uint64_t>(when.time_since_epoch().count()) * 0x9E37'79B9'7F4A'7C15;
  return static_cast<unsigned>(mixed >> 32) % lanes;
}

// The highest digit in which `when` differs from `base_`.
unsigned timer_queue::level_of(tick when) const noexcept {
  return (static_cast<unsigned>(std::bit_width((when ^ base_) | 1)) - 1) / digit_bits;
}

void timer_queue::put_into_wheel(timer_node& node) noexcept {
  const tick when = tick_of(node.deadline_);
  const unsigned level = level_of(when);
  const unsigned slot = digit(when, level);
  wheel_[level][slot][lane_of(node.deadline_)].push_back(node);
  occupied_[level] |= bit(slot);
  node.place_ = timer_node::in_wheel;
  ++in_wheel_;
}

// Empties a slot, each of its lists in order.
template <class Take>
void timer_queue::empty_slot(unsigned level, unsigned slot, Take take) noexcept {
  slot_lists timers;
  for (unsigned lane = 0; lane < lanes; ++lane) timers[lane].splice_back(wheel_[level][slot][lane]);
  occupied_[level] &= ~bit(slot);
  for (bool any = true; any;) {
    any = false;
    for (auto& list : timers) {
      if (list.empty()) continue;
      any = true;
      --in_wheel_;
      take(list.pop_front());
    }
  }
}

// Precondition: no timer of the wheel is earlier than `base`. Then all levels below the one whose digit changes are empty, and
// the slot that begins here moves there; at once, or later timers would overtake its own.
void timer_queue::advance_to(tick base) noexcept {
  const unsigned level = level_of(base);
  base_ = base;
  if (level > 0) empty_slot(level, digit(base, level), [this](timer_node& node) { put_into_wheel(node); });
}

// Moves the slots that `base_` is in the midst of back into the one that they came from.
void timer_queue::rewind_to(tick base) noexcept {
  const unsigned level = level_of(base);
  const unsigned slot = digit(base_, level);
  for (unsigned lower = 0; lower < level; ++lower) {
    for (; occupied_[lower] != 0; occupied_[lower] &= occupied_[lower] - 1) {
      slot_lists& from = wheel_[lower][first_of(occupied_[lower])];
      for (unsigned lane = 0; lane < lanes; ++lane) wheel_[level][slot][lane].splice_back(from[lane]);
      occupied_[level] |= bit(slot);
    }
  }
  base_ = base;
  early_ = 0;
}

// Fills the heap until its first timer is the first of all, as far as there are any that begin at `last` or before.
void timer_queue::bring_down(tick last) noexcept {
  while (in_wheel_ > 0) {
    if (!heap_.empty()) {
      const tick first = tick_of(heap_.front().deadline);
      if (first < base_) return;
      last = std::min(last, first);
    }
    unsigned level = 0;
    while (occupied_[level] == 0) ++level;
    const unsigned slot = first_of(occupied_[level]);
    const tick begin = begin_of(level, slot);
    if (begin > last) return;
    if (level > 0) {
      advance_to(begin);
    } else {
      empty_slot(0, slot, [this](timer_node& node) { push(node); });
      advance_to(std::min(begin + 1, last_tick));
    }
  }
}

// The first tick that belongs to a slot.
timer_queue::tick timer_queue::begin_of(unsigned level, unsigned slot) const noexcept {
  const unsigned shift = level * digit_bits;
  return ((base_ >> shift) - digit(base_, level) + slot) << shift;
}

// Bringing the wheel down again must not cost more than has gone into the heap since the last time.
bool timer_queue::is_worth_rewinding() const noexcept {
  return std::min(early_, heap_.size()) > in_wheel_ + small_heap;
}

// ---- the heap

void timer_queue::grow() { heap_.reserve(std::max(small_heap, 2 * size())); }

void timer_queue::push(timer_node& node) noexcept {
  const entry item{node.deadline_, serial_++, &node};
  heap_.push_back(item);
  sift_up(heap_.size() - 1, item);
}

void timer_queue::remove(std::size_t at) noexcept {
  heap_[at].node->place_ = timer_node::nowhere;
  const entry last = heap_.back();
  heap_.pop_back();
  if (at == heap_.size()) return;
  if (at > 0 && last.before(heap_[(at - 1) / ways]))
    sift_up(at, last);
  else
    sift_down(at, last);
}

void timer_queue::place(std::size_t at, const entry& item) noexcept {
  heap_[at] = item;
  item.node->place_ = static_cast<std::uint32_t>(at);
}

void timer_queue::sift_up(std::size_t at, const entry& item) noexcept {
  while (at > 0) {
    const std::size_t parent = (at - 1) / ways;
    if (!item.before(heap_[parent])) break;
    place(at, heap_[parent]);
    at = parent;
  }
  place(at, item);
}

void timer_queue::sift_down(std::size_t at, const entry& item) noexcept {
  for (;;) {
    const std::size_t first = at * ways + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + ways, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child)
      if (heap_[child].before(heap_[least])) least = child;
    if (!heap_[least].before(item)) break;
    place(at, heap_[least]);
    at = least;
  }
  place(at, item);
}

}  // namespace hocket
