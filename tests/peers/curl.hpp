#pragma once

#include <string>
#include <utility>
#include <vector>

#include <peers/peer_process.hpp>

namespace hocket::testing {

/// Runs curl without the user's settings.
HOCKET_CORO_WRAPPER inline coro<peer_outcome> curl(std::vector<std::string> arguments, std::string input = {}) {
  arguments.insert(arguments.begin(), {"curl", "-q", "--silent", "--show-error", "--noproxy", "*"});
  return run_peer(std::move(arguments), std::move(input));
}

}  // namespace hocket::testing
