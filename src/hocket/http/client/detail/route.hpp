#pragma once

#include <string>

#include <hocket/http/client/proxy.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// Where a connection leads, and by which way. Refers to both.
struct route {
  const url& target;
  const proxy* via = nullptr;
  /// The request asks for a websocket (Upgrade), which HTTP/2 does not know and few proxies pass on: they lead to it by a tunnel (RFC 6455, 4.1).
  bool is_for_websocket = false;
  bool needs_http1 = false;  ///< the request offers to change the protocol (Upgrade), to that or another

  [[nodiscard]] bool is_secure() const noexcept { return target.scheme() == "https"; }
  [[nodiscard]] bool is_by_http_proxy() const noexcept {
    return via != nullptr && via->protocol() != proxy::kind::socks5;
  }
  /// The proxy leads to the server (CONNECT).
  [[nodiscard]] bool is_tunnelled() const noexcept { return is_by_http_proxy() && (is_secure() || is_for_websocket); }
  /// The proxy is what the requests are sent to.
  [[nodiscard]] bool is_forwarded() const noexcept { return is_by_http_proxy() && !is_tunnelled(); }
  /// What is said where the time is over before there is a connection.
  [[nodiscard]] std::string no_connection_in_time() const {
    return via == nullptr ? "no connection in time" : "no connection in time by the proxy " + via->name();
  }
  /// Connections of the same key can do each other's service: "https://example.org:8080", and behind it by whom.
  [[nodiscard]] std::string key() const {
    std::string key = target.origin();
    if (needs_http1) key.append(" over HTTP/1.1");
    if (via == nullptr) return key;
    key.append(" by ").append(via->name());
    if (via->has_credentials()) key.append(" for ").append(via->username()).append(":").append(via->password());
    return key;
  }
};

}  // namespace hocket::http::detail
