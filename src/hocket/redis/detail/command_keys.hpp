#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/redis/request.hpp>

namespace hocket::redis::detail {

/// Where a command of a cluster has to go.
enum class spread : unsigned char {
  keys,     ///< to whoever has the slot of its keys
  any,      ///< it has none: to any master
  all,      ///< to all masters, each of which must agree
  sum,      ///< to all masters, whose numbers are added
  join,     ///< to all masters, whose lists are put together
  refused,  ///< nowhere: it would change the state of a connection that all share
};

/// Where the keys of a command are among its words, of which the name is the first.
enum class key_places : unsigned char {
  fixed,    ///< from `first` to `last`, each `step`th; a negative `last` counts from the end
  counted,  ///< as many as the word at `first` says, behind it; and the word at `last`, unless that is 0
  streams,  ///< the first half of what stands behind STREAMS
};

struct command_rule {
  std::string_view name;
  spread goes = spread::keys;
  key_places places = key_places::fixed;
  int first = 1;
  int last = 1;
  int step = 1;
  /// It changes nothing: a replica may answer it.
  bool reads = false;
};

/// In capitals.
[[nodiscard]] std::string name_of(const request& what);

/// What is known of a command without asking a server; null: nothing.
[[nodiscard]] const command_rule* rule_of(std::string_view name) noexcept;

/// The keys of a command, which must stay. None, if it has not the words that it should have.
[[nodiscard]] std::vector<std::string_view> keys_of(const request& what, const command_rule& rule);

/// The slot of all its keys; nothing, if there are none. Throws `cross_slot_error`.
[[nodiscard]] std::optional<std::uint16_t> slot_of(const request& what, const command_rule& rule);

}  // namespace hocket::redis::detail
