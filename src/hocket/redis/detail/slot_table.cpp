#include <algorithm>
#include <cstddef>
#include <utility>

#include <hocket/redis/detail/slot_table.hpp>

namespace hocket::redis::detail {

static constexpr std::size_t most_nodes = 4096;

void slot_table::assign(const std::vector<slot_range>& ranges) {
  const auto before = std::exchange(nodes_, {});
  const auto keep = [&](const node_address& where) {
    if (const auto known = before.find(where); known != before.end()) nodes_.insert(*known);
    return node_at(where);
  };
  shards_.clear();
  owners_.fill(nobody);
  for (const slot_range& each : ranges) {
    const node_pointer master = keep(each.master);
    if (master == nullptr) return;
    const std::size_t known = shards_.size();
    const std::uint16_t index = shard_of(master);
    if (index == known)
      for (const node_address& where : each.replicas)
        if (auto replica = keep(where)) shards_[index].replicas.push_back(std::move(replica));
    std::fill(owners_.begin() + each.first, owners_.begin() + each.last + 1, index);
  }
}

void slot_table::assign(std::uint16_t slot, const node_pointer& master) { owners_[slot] = shard_of(master); }

std::uint16_t slot_table::shard_of(const node_pointer& master) {
  const auto found = std::ranges::find(shards_, master, &shard::master);
  const auto index = static_cast<std::uint16_t>(found - shards_.begin());
  if (found == shards_.end()) shards_.push_back({.master = master});
  return index;
}

node_pointer slot_table::node_at(const node_address& where) {
  if (const auto known = nodes_.find(where); known != nodes_.end()) return known->second;
  if (nodes_.size() >= most_nodes) return nullptr;
  return nodes_.emplace(where, make_(where)).first->second;
}

node_pointer slot_table::master_of(std::uint16_t slot) const noexcept {
  const std::uint16_t index = owners_[slot];
  return index == nobody ? nullptr : shards_[index].master;
}

node_pointer slot_table::reader_of(std::uint16_t slot, reads_from whom) noexcept {
  const std::uint16_t index = owners_[slot];
  if (index == nobody) return nullptr;
  const shard& of = shards_[index];
  if (whom == reads_from::masters || of.replicas.empty()) return of.master;
  const std::size_t candidates = of.replicas.size() + (whom == reads_from::all ? 1 : 0);
  const std::size_t chosen = turn_++ % candidates;
  return chosen == of.replicas.size() ? of.master : of.replicas[chosen];
}

node_pointer slot_table::any_master() noexcept {
  return shards_.empty() ? nullptr : shards_[turn_++ % shards_.size()].master;
}

std::vector<node_pointer> slot_table::masters() const {
  std::vector<node_pointer> all;
  for (const shard& each : shards_) all.push_back(each.master);
  return all;
}

std::vector<node_pointer> slot_table::nodes() const {
  std::vector<node_pointer> all;
  for (const auto& [where, node] : nodes_) all.push_back(node);
  std::ranges::stable_partition(all, [](const node_pointer& each) { return each->client().is_connected(); });
  return all;
}

}  // namespace hocket::redis::detail
