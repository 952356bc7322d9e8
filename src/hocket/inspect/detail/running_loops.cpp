#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

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
std::optional<std::vector<running_loop>> living_loops(memory& from, const process_table& table) {
  std::vector<running_loop> found;
  const address ends = reinterpret_cast<address>(table.loops);
  address before = 0;
  address at = ends;
  do {
    if (found.size() == most_loops) return std::nullopt;
    address next = 0;
    address previous = 0;
    running_loop loop;
    const std::array pieces{piece_of(at + table.link.next, next), piece_of(at + table.link.previous, previous),
                            piece_of(at - table.living_loop.link + table.living_loop.self, loop.loop)};
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

std::optional<std::vector<running_loop>> read_running_loops(memory& from, const process_table& table) {
  auto loops = living_loops(from, table);
  if (!loops) return std::nullopt;
  std::vector<memory::piece> pieces;
  for (running_loop& each : *loops) pieces.push_back(piece_of(each.loop + table.loop.runs_on, each.context));
  read_each(from, pieces);
  std::erase_if(*loops, [](const running_loop& each) { return each.context == 0; });
  pieces.clear();
  for (running_loop& each : *loops) pieces.push_back(piece_of(each.context + table.thread_context.task, each.task));
  read_each(from, pieces);
  pieces.clear();
  std::vector<address> owners(loops->size());
  for (std::size_t n = 0; n < loops->size(); ++n) {
    running_loop& each = (*loops)[n];
    if (each.task == 0) continue;
    pieces.push_back(piece_of(each.task + table.task.owner, owners[n]));
    pieces.push_back(piece_of(each.task + table.task.made, each.made));
  }
  read_each(from, pieces);
  // A thread may have several loops inside of another system's loop, and what it runs is of one of them; or the task has ended meanwhile.
  for (std::size_t n = 0; n < loops->size(); ++n)
    if ((*loops)[n].task != 0 && owners[n] != (*loops)[n].loop) (*loops)[n].task = 0;
  return loops;
}

}  // namespace hocket::inspect::detail
