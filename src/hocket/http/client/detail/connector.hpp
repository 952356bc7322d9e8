#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/http/client/detail/proxy_authenticator.hpp>
#include <hocket/http/client/detail/route.hpp>
#include <hocket/http/client/session_options.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::http::detail {

/// Makes connections: looks up names and remembers them, connects, passes proxies, secures. Must outlive its coroutines.
class connector {
 public:
  /// Both stay where they are.
  connector(const session_options& options, proxy_authenticator& at_proxies) noexcept
      : options_(options), at_proxies_(at_proxies) {}

  /// A new connection by that route, within `timeouts::sock_connect`. Throws `timeout_error`, `address_refused`, `proxy_error`,
  /// std::system_error, `cancelled`.
  [[nodiscard]] coro<std::shared_ptr<h1_connection>> open(route where, trace_point trace);

 private:
  struct known_addresses {
    std::vector<socket_address> addresses;
    time_point until{};
  };

  [[nodiscard]] coro<byte_stream> reach(route where, trace_point trace);
  [[nodiscard]] coro<byte_stream> reach_by_proxy(route where, trace_point trace);
  [[nodiscard]] coro<byte_stream> reach_proxy(const proxy& via, trace_point trace);
  [[nodiscard]] coro<byte_stream> reach_by_tunnel(route where, trace_point trace);
  [[nodiscard]] coro<byte_stream> connect(std::string_view host, std::uint16_t port, const url* asked_for,
                                          trace_point trace);
  [[nodiscard]] coro<std::vector<socket_address>> addresses_of(std::string host, std::uint16_t port, trace_point trace);
  [[nodiscard]] bool allows(const url& target, const socket_address& address) const;
  [[nodiscard]] coro<byte_stream> secure(byte_stream plain, std::string host, security with);
  [[nodiscard]] security security_for_servers();

  const session_options& options_;
  proxy_authenticator& at_proxies_;
  security default_security_;  // null until it is needed
  std::unordered_map<std::string, known_addresses> known_;
};

}  // namespace hocket::http::detail
