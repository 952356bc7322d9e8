#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <unordered_map>

#include <hocket/inspect/detail/running_loops.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::size_t most_loops = 10'000;

template <class Value>
memory::piece piece_of(address from, Value& to) noexcept {
  return {from, std::as_writable_bytes(std::span(&to, 1))};
}

// What is not there stays as it is.
void read_each(memory& from, std::span<const memory::piece> pieces) {
  while (!pieces.empty()) {
    const std::size_t copied = from.read_pieces(pieces);
    pieces = pieces.subspan(std::min(copied + 1, pieces.size()));
  }
}

// Each link must lead back to the one before.
std::optional<std::vector<address>> living_loops(memory& from, const process_table& table) {
  std::vector<address> found;
  const address ends = reinterpret_cast<address>(table.loops);
  address before = 0;
  address at = ends;
  do {
    if (found.size() == most_loops) return std::nullopt;
    address next = 0;
    address previous = 0;
    address loop = 0;
    const std::array pieces{piece_of(at + table.link.next, next), piece_of(at + table.link.previous, previous),
                            piece_of(at - table.living_loop.link + table.living_loop.self, loop)};
    const std::size_t wanted = at == ends ? 2 : pieces.size();
    if (from.read_pieces(std::span(pieces).first(wanted)) != wanted) return std::nullopt;
    if (at != ends && previous != before) return std::nullopt;
    if (at != ends) found.push_back(loop);
    before = at;
    at = next;
  } while (at != ends);
  return found;
}

}  // namespace

std::optional<std::vector<loops_of_thread>> read_running_loops(memory& from, const process_table& table) {
  const auto loops = living_loops(from, table);
  if (!loops) return std::nullopt;
  std::vector<address> contexts(loops->size());
  std::vector<memory::piece> pieces;
  for (std::size_t n = 0; n < loops->size(); ++n)
    pieces.push_back(piece_of((*loops)[n] + table.loop.runs_on, contexts[n]));
  read_each(from, pieces);
  std::vector<loops_of_thread> threads;
  std::unordered_map<address, std::size_t> numbers;
  for (std::size_t n = 0; n < loops->size(); ++n) {
    if (contexts[n] == 0) continue;
    const auto [at, is_new] = numbers.emplace(contexts[n], threads.size());
    if (is_new) threads.push_back({.context = contexts[n]});
    threads[at->second].loops.push_back((*loops)[n]);
  }
  return threads;
}

running_loop read_step(memory& from, const process_table& table, const loops_of_thread& of) {
  running_loop at{.loop = of.loops.front(), .context = of.context};
  address task = 0;
  read_each(from, std::array{piece_of(of.context + table.thread_context.task, task)});
  if (task == 0) return at;
  address owner = 0;
  std::int64_t made = 0;
  std::uint64_t steps = 0;
  read_each(from, std::array{piece_of(task + table.task.owner, owner), piece_of(task + table.task.made, made),
                             piece_of(task + table.task.steps, steps)});
  if (std::ranges::find(of.loops, owner) == of.loops.end()) return at;  // the task has ended meanwhile
  return {.loop = owner, .context = of.context, .task = task, .made = made, .steps = steps};
}

}  // namespace hocket::inspect::detail
