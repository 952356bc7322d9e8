#include <algorithm>
#include <array>

#include <hocket/inspect/detail/types.hpp>

namespace hocket::inspect::detail {

static constexpr std::size_t longest_name = 4096;
static constexpr std::size_t most_vtables = 10'000;
static constexpr std::size_t most_bases = 32;
static constexpr unsigned deepest = 16;
static constexpr unsigned most_visits = 256;  // of type_infos, for one class
static constexpr std::size_t most_visits_in_all = 100'000;
static constexpr std::size_t word = sizeof(address);

types::types(memory_cache& memory, const shown& from) : memory_(memory), shown_(from) {
  for (const process_table& table : from.tables) {
    one_base_ = vtable_of(table.one_base);
    several_bases_ = vtable_of(table.several_bases);
  }
}

address types::vtable_of(const std::type_info* sample) {
  address vtable = 0;
  static_cast<void>(memory_.read(reinterpret_cast<address>(sample), vtable));
  return vtable;
}

const class_type& types::of_vtable(address vtable) {
  if (const auto found = known_.find(vtable); found != known_.end()) return found->second;
  static const class_type unknown;
  if (known_.size() >= most_vtables) return unknown;
  class_type& made = known_[vtable];
  std::int64_t to_top = 0;
  address type_info = 0;
  address name = 0;
  if (!memory_.read(vtable - 2 * word, to_top) || !memory_.read(vtable - word, type_info) ||
      !memory_.read(type_info + word, name))
    return made;
  visits_ = 0;
  made.name = memory_.text(name, longest_name);
  add_bases(type_info, to_top, 0, made);
  return made;
}

void types::add_bases(address type_info, std::int64_t offset, unsigned depth, class_type& to) {
  address kind = 0;
  address name = 0;
  if (depth == deepest || ++visits_ > most_visits || ++visits_in_all_ > most_visits_in_all ||
      !memory_.read(type_info, kind) || !memory_.read(type_info + word, name))
    return;
  if (const auto found = shown_.types.find(memory_.text(name, longest_name)); found != shown_.types.end())
    to.bases.push_back({.shown = found->second, .offset = offset});
  if (kind == one_base_) {
    if (address base = 0; memory_.read(type_info + 2 * word, base)) add_bases(base, offset, depth + 1, to);
  } else if (kind == several_bases_) {
    std::array<std::uint32_t, 2> flags_and_count{};
    if (!memory_.read(type_info + 2 * word, flags_and_count)) return;
    for (std::size_t n = 0; n < std::min<std::size_t>(flags_and_count[1], most_bases); ++n) {
      struct {
        address type_info;
        std::int64_t offset_and_flags;
      } base{};
      if (!memory_.read(type_info + (3 + 2 * n) * word, base)) return;
      constexpr std::int64_t is_virtual = 1;
      if ((base.offset_and_flags & is_virtual) == 0)
        add_bases(base.type_info,
                  static_cast<std::int64_t>(static_cast<std::uint64_t>(offset) +
                                            static_cast<std::uint64_t>(base.offset_and_flags >> 8)),
                  depth + 1, to);
    }
  }
}

}  // namespace hocket::inspect::detail
