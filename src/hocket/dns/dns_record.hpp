#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include <hocket/io/socket_address.hpp>

/// What name servers tell, one struct a type of record, named as the type is. Names are written as in zone files, without the dot at
/// the end; bytes that are no printable ASCII as \DDD. `ttl` is how long the record may still be kept.
namespace hocket::dns {

/// An IPv4 address; the port is 0. RFC 1035, 3.4.1
struct a {
  socket_address address{};
  std::chrono::seconds ttl{};
};

/// An IPv6 address; the port is 0. RFC 3596
struct aaaa {
  socket_address address{};
  std::chrono::seconds ttl{};
};

/// The name that this one is another name of. RFC 1035, 3.3.1
struct cname {
  std::string host{};
  std::chrono::seconds ttl{};
};

/// Who takes mail for the name: the lowest priority first. RFC 1035, 3.3.9
struct mx {
  std::string host{};
  std::uint16_t priority = 0;
  std::chrono::seconds ttl{};
};

/// Any bytes; the pieces of one record are joined. RFC 1035, 3.3.14
struct txt {
  std::string text{};
  std::chrono::seconds ttl{};
};

/// Where a service is: `_service._protocol.name`. RFC 2782
struct srv {
  std::string host{};
  std::uint16_t port = 0;
  std::uint16_t priority = 0;  // the lowest first
  std::uint16_t weight = 0;    // among equals, in proportion
  std::chrono::seconds ttl{};
};

/// A server that answers for the name. RFC 1035, 3.3.11
struct ns {
  std::string host{};
  std::chrono::seconds ttl{};
};

/// The name of an address, see `dns_resolver::gethostbyaddr`. RFC 1035, 3.3.12
struct ptr {
  std::string host{};
  std::chrono::seconds ttl{};
};

/// Where a zone begins. RFC 1035, 3.3.13
struct soa {
  std::string nsname{};
  std::string hostmaster{};
  std::uint32_t serial = 0;
  std::chrono::seconds refresh{};
  std::chrono::seconds retry{};
  std::chrono::seconds expires{};
  std::chrono::seconds minttl{};  // for how long it may be known that a name does not exist: RFC 2308
  std::chrono::seconds ttl{};
};

/// Who may issue certificates for the name. RFC 8659
struct caa {
  bool critical = false;
  std::string property{};  // "issue", "issuewild", "iodef"
  std::string value{};
  std::chrono::seconds ttl{};
};

/// A rule that rewrites the name. RFC 3403
struct naptr {
  std::uint16_t order = 0;
  std::uint16_t preference = 0;
  std::string flags{};
  std::string service{};
  std::string regex{};
  std::string replacement{};
  std::chrono::seconds ttl{};
};

using record = std::variant<a, aaaa, cname, mx, txt, srv, ns, ptr, soa, caa, naptr>;

}  // namespace hocket::dns
