// Timers of a loop.
//
// A four-way heap ordered by (deadline, serial): the serial makes equal deadlines fire in order of registration, which asyncio
// leaves open and users rely on. A node knows its place in the heap, so cancelling is O(log n) and leaves nothing behind;
// asyncio keeps cancelled timers until half the heap is dead. Deadlines stand in the heap itself: comparing touches no node.

#include <algorithm>

#include <hocket/loop/timer_queue.hpp>

namespace hocket {

static constexpr std::size_t ways = 4;

void timer_queue::schedule(ready_node& node, time_point deadline) {
  const entry item{deadline, serial_++, &node};
  heap_.push_back(item);
  sift_up(heap_.size() - 1, item);
}

void timer_queue::cancel(ready_node& node) noexcept { remove(node.timer_index_); }

ready_node& timer_queue::pop() noexcept {
  ready_node& node = *heap_.front().node;
  remove(0);
  return node;
}

void timer_queue::collect_due(time_point now, ready_queue& ready) noexcept {
  while (!heap_.empty() && heap_.front().deadline <= now) ready.push_back(pop());
}

void timer_queue::remove(std::size_t at) noexcept {
  heap_[at].node->timer_index_ = ready_node::not_timed;
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
  item.node->timer_index_ = static_cast<std::uint32_t>(at);
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
