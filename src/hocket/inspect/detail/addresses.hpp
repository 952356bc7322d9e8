#pragma once

#include <sys/types.h>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::inspect::detail {

/// Looks up the addresses of the sockets that are waited for, by /proc: of those of TCP, of UDP and of unix sockets that have a path. What
/// cannot be found is left out.
void add_addresses(snapshot& to, pid_t process);

}  // namespace hocket::inspect::detail
