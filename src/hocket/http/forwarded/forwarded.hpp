#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/forwarded/ip_network.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::http {

/// What one proxy says of the request that it has passed on. Source: RFC 7239, 4.
struct forwarded_element {
  std::string
      from;  ///< `for`: from whom it had it: an address, perhaps with a port, `unknown`, or a name of its own (`_hidden`)
  std::string by;     ///< where it came in
  std::string host;   ///< its `Host`
  std::string proto;  ///< `http` or `https`
  friend bool operator==(const forwarded_element&, const forwarded_element&) = default;
};

/// Reads a `Forwarded`, of which several are joined by commas before: the proxy next to the client first. Nothing if it
/// is malformed or has more than 100 elements.
[[nodiscard]] std::optional<std::vector<forwarded_element>> parse_forwarded(std::string_view field);

/// The address that `192.0.2.60`, `192.0.2.60:4711`, `[2001:db8::1]:4711` or `2001:db8::1` means, port 0 if it says
/// none; nothing for others.
[[nodiscard]] std::optional<socket_address> parse_forwarded_node(std::string_view node);

/// Who made a request, and what it was for, as far as those tell whom one believes.
struct request_origin {
  socket_address client;
  std::string scheme;
  std::string host;
  friend bool operator==(const request_origin&, const request_origin&) = default;
};

/// Which fields the proxies set. It must be said: a proxy passes on as it came whatever it does not know, and anyone
/// can have written it.
enum class forwarded_fields : unsigned char { forwarded, x_forwarded };

/// Finds out behind proxies who made a request: everybody between the client and the first proxy that one does not know
/// can say anything, so that only what trusted ones add counts, read from the end.
class trusted_proxies {
 public:
  explicit trusted_proxies(std::vector<ip_network> networks, forwarded_fields fields = forwarded_fields::x_forwarded);

  [[nodiscard]] bool trusts(const socket_address& address) const noexcept;

  /// `direct` is what the connection itself says; what comes from a peer that is not trusted leaves it as it is. The client
  /// is the last address in the chain that is not trusted, or its first; where a trusted proxy does not tell an address,
  /// that proxy itself. `scheme` is `http` or `https`; of `X-Forwarded-Proto` and `X-Forwarded-Host` the value counts that
  /// stands at the same place as the client in `X-Forwarded-For`, or the only one.
  ///
  /// Nothing if a trusted proxy has passed on a `Forwarded` that is malformed: whoever made it so must not pass for that
  /// proxy. Answer 400.
  [[nodiscard]] std::optional<request_origin> resolve(request_origin direct, const headers& request) const;

 private:
  [[nodiscard]] std::size_t resolve_chain(const std::vector<std::string_view>& chain, request_origin& origin) const;
  [[nodiscard]] bool resolve_forwarded(const headers& request, request_origin& origin) const;
  void resolve_x_forwarded(const headers& request, request_origin& origin) const;

  std::vector<ip_network> networks_;
  forwarded_fields fields_;
};

}  // namespace hocket::http
