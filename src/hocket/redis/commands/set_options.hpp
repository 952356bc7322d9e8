#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace hocket::redis {

/// How SET sets.
struct set_options {
  enum class condition : unsigned char { none, if_absent, if_present };

  condition when = condition::none;
  /// How long the key stays; nothing: for ever, or as before with `keep_ttl`.
  std::optional<std::chrono::milliseconds> stays{};
  bool keep_ttl = false;

  /// As they stand in the command.
  [[nodiscard]] std::vector<std::string> words() const {
    std::vector<std::string> made;
    if (when != condition::none) made.emplace_back(when == condition::if_absent ? "NX" : "XX");
    if (stays) {
      made.emplace_back("PX");
      made.push_back(std::to_string(stays->count()));
    }
    if (keep_ttl) made.emplace_back("KEEPTTL");
    return made;
  }
};

}  // namespace hocket::redis
