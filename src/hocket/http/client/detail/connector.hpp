#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <hocket/base/text_hash.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/http/client/detail/h2_client_connection.hpp>
#include <hocket/http/client/detail/proxy_authenticator.hpp>
#include <hocket/http/client/detail/route.hpp>
#include <hocket/http/client/session_options.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/resolver.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/sync/lru_cache.hpp>

namespace hocket::http::detail {

/// For one exchange after the other, or for many at a time.
using opened_connection = std::variant<std::shared_ptr<h1_connection>, std::shared_ptr<h2_client_connection>>;

/// Makes connections: looks up names and remembers them, connects, passes proxies, secures. Must outlive its coroutines.
class connector {
 public:
  /// Both stay where they are.
  connector(const session_options& options, proxy_authenticator& at_proxies) noexcept
      : options_(options), at_proxies_(at_proxies) {}

  /// A new connection by that route, within `timeouts::sock_connect`. Throws `timeout_error`, `address_refused`, `proxy_error`,
  /// std::system_error, `cancelled`.
  [[nodiscard]] coro<opened_connection> open(route where, trace_point trace);

 private:
  /// With the seed of the table, for others choose the names.
  struct service {
    std::string host;
    std::uint16_t port;
    std::uint64_t seed;
    bool operator==(const service&) const = default;
  };
  struct service_hash {
    std::size_t operator()(const service& key) const noexcept { return text_hash(key.host, key.seed + key.port); }
  };
  using known_addresses = lru_cache<service, std::vector<socket_address>, service_hash>;

  [[nodiscard]] coro<byte_stream> reach(route where, trace_point trace);
  [[nodiscard]] coro<byte_stream> reach_by_proxy(route where, trace_point trace);
  [[nodiscard]] coro<byte_stream> reach_proxy(const proxy& via, trace_point trace);
  [[nodiscard]] coro<byte_stream> reach_by_tunnel(route where, trace_point trace);
  [[nodiscard]] coro<byte_stream> connect(std::string_view host, std::uint16_t port, const url* asked_for,
                                          trace_point trace);
  [[nodiscard]] coro<std::vector<socket_address>> addresses_of(std::string host, std::uint16_t port, trace_point trace);
  [[nodiscard]] static coro<std::vector<socket_address>> look_up(std::shared_ptr<resolver> from, service asked);
  [[nodiscard]] known_addresses& known();
  [[nodiscard]] bool allows(const url& target, const socket_address& address) const;
  /// `protocols`: those that it offers, unless `with` names its own.
  [[nodiscard]] coro<byte_stream> secure(byte_stream plain, std::string host, security with,
                                         std::vector<std::string> protocols);
  [[nodiscard]] bool speaks_http2(route where, const byte_stream& opened) const;
  [[nodiscard]] security security_for_servers();

  const session_options& options_;
  proxy_authenticator& at_proxies_;
  security default_security_;             // null until it is needed
  std::optional<known_addresses> known_;  // made for the first name
  std::uint64_t seed_ = 0;
};

}  // namespace hocket::http::detail
