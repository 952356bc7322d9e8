#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include <hocket/base/function.hpp>
#include <hocket/redis/cluster_options.hpp>
#include <hocket/redis/detail/cluster_node.hpp>
#include <hocket/redis/detail/topology.hpp>
#include <hocket/redis/key_slot.hpp>

namespace hocket::redis::detail {

/// Who has which slots, as far as is known; and a node for each address.
class slot_table {
 public:
  explicit slot_table(function<node_pointer(const node_address&)> make) : make_(std::move(make)) {
    owners_.fill(nobody);
  }

  /// All that there was is forgotten, but for the connections to nodes that are there still.
  void assign(const std::vector<slot_range>& ranges);
  /// One slot has moved. Nothing happens when there are too many nodes.
  void assign(std::uint16_t slot, const node_pointer& master);

  /// The node at that address, a new one if need be; null: there are too many.
  [[nodiscard]] node_pointer node_at(const node_address& where);

  // Null: nobody that is known of.
  [[nodiscard]] node_pointer master_of(std::uint16_t slot) const noexcept;
  /// Takes turns.
  [[nodiscard]] node_pointer reader_of(std::uint16_t slot, reads_from whom) noexcept;
  [[nodiscard]] node_pointer any_master() noexcept;

  [[nodiscard]] std::vector<node_pointer> masters() const;
  /// Replicas too; those that are connected first.
  [[nodiscard]] std::vector<node_pointer> nodes() const;

 private:
  struct shard {
    node_pointer master;
    std::vector<node_pointer> replicas{};
  };
  static constexpr std::uint16_t nobody = 0xFFFF;

  [[nodiscard]] std::uint16_t shard_of(const node_pointer& master);

  function<node_pointer(const node_address&)> make_;
  std::map<node_address, node_pointer> nodes_;
  std::vector<shard> shards_;
  std::array<std::uint16_t, slot_count> owners_;  // indices of shards
  std::size_t turn_ = 0;
};

}  // namespace hocket::redis::detail
