#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/socket.h>

#include <hocket/core/coro.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket {

/// Finds the addresses of hosts: what is told to use one (`connect_options::resolver`) looks names up with it and with nothing else.
///
/// Its errors are those of the system, of `resolve_category()`, or of a category of its own in which what another attempt may mend
/// compares as a std::errc, and nothing else does.
///
/// `system_resolver` asks the system, `dns_resolver` (<hocket/dns.hpp>) name servers; a test's own answers from a table.
/// Counterpart: aiohttp.abc.AbstractResolver.
class resolver {
 public:
  virtual ~resolver() = default;

  /// The addresses of `host`, in the order in which they should be tried, each with `port`; at least one. `family` is AF_INET or
  /// AF_INET6 for those alone. Numbers are an address already. Throws std::system_error that names the host and the reason, and
  /// `cancelled`, at once. The resolver must outlive the call.
  [[nodiscard]] virtual coro<std::vector<socket_address>> resolve(std::string host, std::uint16_t port,
                                                                  int family = AF_UNSPEC) = 0;

 protected:
  resolver() = default;
  resolver(const resolver&) = default;
  resolver& operator=(const resolver&) = default;
};

/// Asks the system: hosts file, name servers, whatever nsswitch.conf(5) says. See `hocket::resolve`.
class system_resolver final : public resolver {
 public:
  [[nodiscard]] coro<std::vector<socket_address>> resolve(std::string host, std::uint16_t port,
                                                          int family = AF_UNSPEC) override;
};

}  // namespace hocket
