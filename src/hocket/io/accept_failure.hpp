#pragma once

#include <system_error>

namespace hocket {

/// What an error of `accept` means to who accepts in a loop.
enum class accept_failure {
  /// That one connection came to nothing: accept the next one. ECONNABORTED, EPROTO, EPERM (a firewall) and what else
  /// accept(2) passes on from the network. Some of these may last: pause when many come in a row, as `accept_connection` does.
  of_connection,
  /// The process or the system has no descriptors or memory left: EMFILE, ENFILE, ENOBUFS, ENOMEM. Accepting again at once
  /// would fail again at once, for the connection stays where it is; say so and go on in a second, as asyncio does.
  out_of_resources,
  /// The listener itself: there is nothing to go on with.
  of_listener,
};

[[nodiscard]] accept_failure accept_failure_of(const std::error_code& error) noexcept;

}  // namespace hocket
