#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <hocket/io/socket_address.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket {

/// What a `dns_resolver` is told. Counterpart: the arguments of aiodns.DNSResolver.
struct dns_options {
  /// Whom to ask, in this order; port 0 is 53. Empty: those of resolv.conf(5), which is read when the resolver is made.
  std::vector<socket_address> servers{};
  /// How long a server has for its answer before the next is asked; twice as long in each round.
  duration timeout = std::chrono::seconds(2);
  /// How many rounds there are: with these defaults one silent server is given up after 14 seconds.
  int tries = 3;
  /// Begins with another server each time. Nothing: as resolv.conf says.
  std::optional<bool> rotate{};
  /// Asks by TCP alone. Otherwise by UDP, and by TCP what was cut off.
  bool tcp_only = false;

  // Of `resolve` only:

  /// Domains to look for a name in that has fewer than `ndots` dots, and after the name itself for others that do not exist; a name
  /// with a dot at its end is what it is. Nothing: as resolv.conf says.
  std::optional<std::vector<std::string>> search{};
  std::optional<int> ndots{};
  /// Looked at before anybody is asked, and again when it has changed. hosts(5); empty: none.
  std::string hosts_file = "/etc/hosts";

  // What is remembered, by the loop's clock:

  /// Answers; the one used longest ago goes first. 0: nothing is kept, and one question under way still serves all who want to know.
  std::size_t cache_size = 4096;
  /// However long an answer holds by itself.
  duration max_ttl = std::chrono::hours(24);
  /// The same for a name that does not exist, or has no such records. RFC 2308
  duration max_negative_ttl = std::chrono::minutes(5);
  /// How long nobody is asked again after a failure, a silence too. RFC 9520
  duration failure_ttl = std::chrono::seconds(1);

  /// Questions under way at once; further ones wait in line. Of more than some 160 the socket of a server that is busy, with as much
  /// room as Linux gives it, drops some, which then cost a time-out. A thousand at most.
  std::size_t limit = 100;
};

}  // namespace hocket
