#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/http/auth/netrc.hpp>
#include <hocket/http/client/credentials.hpp>
#include <hocket/http/client/middleware.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/http/client/timeouts.hpp>
#include <hocket/http/client/tracing.hpp>
#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/cookies/cookie_jar.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/io/resolver.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/loop/system_wall_clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

/// HTTP/2 (RFC 9113), for the same requests: one connection carries many of them at a time.
struct http2_client_options {
  /// Over TLS it is offered beside HTTP/1.1 (ALPN), unless the context names protocols of its own: these decide then.
  bool over_tls = true;
  /// Without TLS, begin with it right away: the servers are known to speak it, and those that do not are a `protocol_error`.
  bool prior_knowledge = false;

  std::uint32_t max_streams = 100;  ///< requests to one origin at once, if the server allows as many
  /// How much of an answer may have come that its reader has not taken; who does not read holds up its own answer alone.
  std::uint32_t window_bytes = 1024 * 1024;

  /// Asks a server that has said nothing for so long whether it is there (PING), while there is a connection. Nothing: never.
  std::optional<duration> ping_interval{};
  /// How long it has for an answer; then all requests of the connection are a `timeout_error`.
  duration ping_timeout = std::chrono::seconds(15);
};

struct session_options {
  std::size_t limit = 100;         // connections in use at once; over HTTP/2 all requests of one are one
  std::size_t limit_per_host = 8;  // the same, to one origin; over HTTP/2 see `http2`
  duration keep_alive = std::chrono::seconds(15);
  duration dns_cache = std::chrono::seconds(10);
  /// Finds the addresses of hosts; the session keeps them for `dns_cache` (0: not at all). Null: the system.
  std::shared_ptr<hocket::resolver> resolver{};
  http::timeouts timeouts{};
  std::string user_agent = "hocket";
  /// For what a request does not set itself. Credentials among them (Authorization, Cookie, Proxy-Authorization) go to every
  /// origin that is asked, and to none that a redirect leads to.
  headers default_headers{};
  /// Who one is to each origin that is asked; redirects to another do not take it along.
  std::optional<credentials> auth{};
  /// Who one is on which host, where neither the request nor its URL says so; shown by Basic. Not asked about origins that a redirect has
  /// led to: an entry `default` would be for whoever answers there.
  std::shared_ptr<const http::netrc> netrc{};
  /// What URLs given as text are resolved against. Nothing: they are absolute.
  std::optional<url> base_url{};
  /// What secures connections of https: a `tls_context` for clients. Null: one that trusts the system's authorities, made for
  /// the first such connection (reads the system's certificates: some ten milliseconds).
  security tls{};
  /// The same for the connection to a proxy of https. Null: as `tls`.
  security proxy_tls{};
  http2_client_options http2{};
  /// Follow redirects from https to http as well (else they are `downgrade_refused`).
  bool allow_https_downgrade = false;
  /// Where there is a proxy for a URL, requests go through it. See `proxy_settings::from_environment`.
  proxy_settings proxies{};
  /// The unix socket, by path or, with a zero byte in front, by abstract name, that all connections go to: hosts are not looked up,
  /// addresses not asked about, and proxies not used.
  std::optional<std::string> unix_socket{};
  /// Keeps out of all networks but the public internet (`socket_address::is_global`): addresses are looked at when a connection is made,
  /// redirected ones too, and whatever spelling or name leads there; others are `address_refused`. Through a proxy it is the proxy
  /// that looks names up: then this sees only hosts that are addresses themselves; the proxy itself is the owner's choice, and may be
  /// anywhere.
  bool block_private_addresses = false;
  /// Asked before every connection in the same way, for rules of one's own; false refuses it. Both must agree.
  std::function<bool(const url& target, const socket_address& address)> allow_address{};
  /// Asks for content codings (gzip, deflate, br, zstd) and undoes them, at most two; an unknown one is left as it is. Not where a part is
  /// asked for (Range): that is a part of what is coded.
  bool decode = true;
  /// Where undoing them ends: `content_bomb_error`.
  content_decoder_limits decode_limits{};
  /// Gives requests their cookies and takes those of responses, for as long as it is here; several sessions of one loop may share one. Null: the
  /// session keeps none.
  std::shared_ptr<cookie_jar> cookies{};
  /// The time of day, by `system_wall_clock` or another, by which cookies expire: `cookies` need it.
  std::chrono::sys_seconds (*wall_clock)() = nullptr;
  /// The first stands outermost.
  std::vector<client_middleware> middlewares{};
  /// Null: nobody is told.
  std::shared_ptr<const http::tracing> tracing{};
};

}  // namespace hocket::http
