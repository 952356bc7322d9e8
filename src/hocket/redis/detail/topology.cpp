#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <hocket/redis/detail/topology.hpp>
#include <hocket/redis/key_slot.hpp>
#include <hocket/redis/redis_error.hpp>

namespace hocket::redis::detail {
namespace {

// [address or name, port, id, ...]; nil or nothing is the host that was asked, "?" one that it does not know.
std::optional<node_address> address_of(const reply& node, std::string_view said_by) {
  const auto& said = node.items();
  if (said.size() < 2) throw conversion_error("a node of a cluster is told without its port");
  auto host = said[0].as<std::optional<std::string>>().value_or("");
  const auto port = said[1].as<std::uint16_t>();
  if (host == "?" || port == 0) return std::nullopt;
  if (host.empty()) host = said_by;
  return node_address{.host = std::move(host), .port = port};
}

}  // namespace

std::vector<slot_range> parse_slots(reply answer, std::string_view said_by) {
  std::vector<slot_range> ranges;
  const auto told = std::move(answer).as<std::vector<reply>>();
  if (told.size() > slot_count) throw conversion_error("more ranges of slots are told than there are slots");
  for (const reply& each : told) {
    const auto& said = each.items();
    if (said.size() < 3) throw conversion_error("slots of a cluster are told without their master");
    const auto first = said[0].as<std::uint16_t>();
    const auto last = said[1].as<std::uint16_t>();
    if (first > last || last >= slot_count) throw conversion_error("slots of a cluster are told that there are not");
    auto master = address_of(said[2], said_by);
    if (!master) continue;
    slot_range range{.first = first, .last = last, .master = std::move(*master)};
    for (std::size_t at = 3; at < said.size(); ++at)
      if (auto replica = address_of(said[at], said_by)) range.replicas.push_back(std::move(*replica));
    ranges.push_back(std::move(range));
  }
  return ranges;
}

}  // namespace hocket::redis::detail
