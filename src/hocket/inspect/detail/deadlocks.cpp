#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include <hocket/inspect/detail/circles.hpp>
#include <hocket/inspect/detail/deadlocks.hpp>

namespace hocket::inspect::detail {
namespace {

using edges = std::vector<std::vector<std::uint32_t>>;

// The shortest way from a task back to itself, by those of its circle. Precondition: there is one.
std::vector<std::uint32_t> shortest_circle(const edges& waits, const std::vector<std::uint32_t>& circles,
                                           std::uint32_t from) {
  std::unordered_map<std::uint32_t, std::uint32_t> reached_from;
  for (std::deque<std::uint32_t> next{from}; !next.empty() && !reached_from.contains(from); next.pop_front())
    for (const std::uint32_t each : waits[next.front()])
      if (circles[each] == circles[from] && reached_from.emplace(each, next.front()).second) next.push_back(each);
  std::vector<std::uint32_t> circle;
  std::uint32_t at = from;
  do {
    at = reached_from.at(at);
    circle.push_back(at);
  } while (at != from);
  std::ranges::reverse(circle);
  return circle;
}

// Whoever waits for the first of several goes on when one of them ends that is none of the circle.
bool may_go_on(const loop& of, const edges& waits, const std::vector<std::uint32_t>& circles, std::uint32_t number) {
  const auto& wait = of.tasks[number].waits_for;
  return wait && (wait->kind == "wait" || wait->kind == "as_completed") &&
         std::ranges::any_of(waits[number], [&](std::uint32_t each) { return circles[each] != circles[number]; });
}

}  // namespace

std::vector<std::vector<std::uint32_t>> waits_of(const loop& of) {
  edges waits(of.tasks.size());
  const auto add = [&](std::uint32_t waiter, std::uint32_t awaited) {
    if (of.tasks[waiter].state == task_state::waiting) waits[waiter].push_back(awaited);
  };
  for (std::uint32_t n = 0; n < of.tasks.size(); ++n) {
    for (const std::uint32_t waiter : of.tasks[n].awaited_by) add(waiter, n);
    if (const auto& wait = of.tasks[n].waits_for; wait && wait->held_by) add(n, *wait->held_by);
  }
  return waits;
}

std::vector<deadlock> deadlocks_of(const loop& of) {
  const edges waits = waits_of(of);
  const std::vector<std::uint32_t> circles = circles_of(waits);
  std::vector<std::uint32_t> sizes(waits.size());
  for (const std::uint32_t circle : circles) ++sizes[circle];
  std::map<std::uint32_t, std::vector<std::uint32_t>> members;  // of circles, by their numbers
  for (std::uint32_t n = 0; n < waits.size(); ++n)
    if (sizes[circles[n]] > 1 || std::ranges::count(waits[n], n) > 0) members[circles[n]].push_back(n);
  std::vector<deadlock> found;
  for (auto& [circle, tasks] : members) {
    if (std::ranges::any_of(tasks, [&](std::uint32_t each) { return may_go_on(of, waits, circles, each); })) continue;
    found.push_back({.tasks = std::move(tasks), .circle = {}});
    found.back().circle = shortest_circle(waits, circles, found.back().tasks.front());
  }
  std::ranges::sort(found, {}, [](const deadlock& each) { return each.tasks.front(); });
  return found;
}

}  // namespace hocket::inspect::detail
