#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/activity.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/connector.hpp>
#include <hocket/http/client/detail/http_tunnel.hpp>
#include <hocket/http/client/detail/socks5.hpp>
#include <hocket/http/status.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/tls/tls_context.hpp>
#include <hocket/tls/tls_error.hpp>
#include <hocket/tls/tls_layer.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::size_t most_known_hosts = 10'000;

/// As errors call it beside its addresses; nothing for what is an address itself.
std::string name_of(std::string_view host, std::uint16_t port) {
  return socket_address::parse(host, 0) ? "" : fmt::format("{}:{}", host, port);
}

/// What TLS has agreed upon; empty: nothing.
std::string alpn_protocol(const byte_stream& secured) {
  const tls_layer* agreed = secured.find_layer<tls_layer>();
  return agreed != nullptr ? agreed->alpn_protocol() : "";
}

client_error takes_what_is_not_spoken(std::string_view protocol, std::string_view spoken) {
  return client_error(
      fmt::format("the server was offered '{}' and has taken it; the session speaks {}", protocol, spoken));
}

}  // namespace

coro<opened_connection> connector::open(route where, trace_point trace) {
  timeout limit{delay(options_.timeouts.sock_connect)};
  trace.tell(&tracing::connection_create_start);
  try {
    byte_stream opened = co_await limit.run(reach(where, trace));
    trace.tell(&tracing::connection_create_end);
    if (!speaks_http2(where, opened)) co_return std::make_shared<h1_connection>(std::move(opened));
    auto made =
        std::make_shared<h2_client_connection>(std::move(opened), options_.http2, options_.timeouts.sock_connect);
    made->start();
    co_return made;
  } catch (const timeout_error&) {
    if (limit.expired()) throw timeout_error(where.no_connection_in_time());
    throw;
  }
}

coro<byte_stream> connector::reach(route where, trace_point trace) {
  byte_stream plain;
  if (options_.unix_socket)
    plain = byte_stream(co_await connect_unix(socket_address::unix_path(*options_.unix_socket)));
  else if (where.via != nullptr)
    plain = co_await reach_by_proxy(where, trace);
  else
    plain = co_await connect(where.target.host(), where.target.port_or_default(), &where.target, trace);
  if (!where.is_secure()) co_return plain;
  trace.tell(&tracing::tls_start);
  std::vector<std::string> protocols{"http/1.1"};
  if (options_.http2.over_tls && !where.needs_http1) protocols.insert(protocols.begin(), "h2");
  byte_stream secured =
      co_await secure(std::move(plain), std::string(where.target.host()), security_for_servers(), std::move(protocols));
  trace.tell(&tracing::tls_end);
  co_return secured;
}

bool connector::speaks_http2(route where, const byte_stream& opened) const {
  if (!where.is_secure()) return options_.http2.prior_knowledge && !where.is_forwarded() && !where.needs_http1;
  const std::string protocol = alpn_protocol(opened);
  if (!protocol.empty() && protocol != "http/1.1" && protocol != "h2")
    throw takes_what_is_not_spoken(protocol, "h2 and http/1.1");
  return protocol == "h2";
}

coro<byte_stream> connector::reach_by_proxy(route where, trace_point trace) {
  const proxy& via = *where.via;
  if (const auto numeric = socket_address::parse(where.target.host(), where.target.port_or_default());
      numeric && !allows(where.target, *numeric))
    throw address_refused(fmt::format("{} is a private address", where.target.host()));
  if (where.is_tunnelled()) co_return co_await reach_by_tunnel(where, trace);
  byte_stream stream = co_await reach_proxy(via, trace);
  if (via.protocol() == proxy::kind::socks5)
    co_await pass_socks5(stream, via, std::string(where.target.host()), where.target.port_or_default());
  co_return stream;
}

coro<byte_stream> connector::reach_proxy(const proxy& via, trace_point trace) {
  try {
    byte_stream stream = co_await connect(via.host(), via.port(), nullptr, trace);
    if (via.protocol() != proxy::kind::https) co_return stream;
    std::vector<std::string> protocols(1, "http/1.1");
    byte_stream secured = co_await secure(std::move(stream), via.host(),
                                          options_.proxy_tls != nullptr ? options_.proxy_tls : security_for_servers(),
                                          std::move(protocols));
    const std::string protocol = alpn_protocol(secured);
    if (!protocol.empty() && protocol != "http/1.1") throw takes_what_is_not_spoken(protocol, "http/1.1 to proxies");
    co_return secured;
  } catch (const tls_error& problem) {
    throw tls_error(static_cast<tls_errc>(problem.code().value()),
                    fmt::format("cannot connect to the proxy {}: {}", via.name(), problem.what()));
  } catch (const std::system_error& problem) {
    throw std::system_error(problem.code(), fmt::format("cannot connect to the proxy {}", via.name()));
  }
}

// A challenge is answered on a connection of its own: the proxy may close the one that it refuses.
coro<byte_stream> connector::reach_by_tunnel(route where, trace_point trace) {
  constexpr int authentication_required = 407;
  const proxy& via = *where.via;
  for (bool is_again = false;; is_again = true) {
    byte_stream stream = co_await reach_proxy(via, trace);
    const std::string authorization = at_proxies_.authorize(via, "CONNECT", where.target, target_form::authority, "");
    auto led =
        co_await open_tunnel(std::move(stream), where.target, via, authorization, options_.timeouts.sock_connect);
    if (led) co_return std::move(*led);
    const answer_head& refusal = led.error();
    if (!is_again && refusal.status == authentication_required &&
        at_proxies_.take_challenge(via, authorization, refusal.fields))
      continue;
    throw proxy_error(
        fmt::format("the proxy {} refuses: {} {}", via.name(), refusal.status, reason_phrase(refusal.status)));
  }
}

bool connector::allows(const url& target, const socket_address& address) const {
  if (options_.block_private_addresses && !address.is_global()) return false;
  return !options_.allow_address || options_.allow_address(target, address);
}

// What is not asked for by a request, a proxy, is the owner's choice.
coro<byte_stream> connector::connect(std::string_view host, std::uint16_t port, const url* asked_for,
                                     trace_point trace) {
  auto addresses = co_await addresses_of(std::string(host), port, trace);
  if (asked_for != nullptr) {
    const socket_address first = addresses.front();
    std::erase_if(addresses, [&](const socket_address& each) { return !allows(*asked_for, each); });
    if (addresses.empty()) throw address_refused(fmt::format("{} is at a private address ({})", host, first.host()));
  }
  byte_stream made(co_await connect_tcp(std::move(addresses), {}, name_of(host, port)));
  if (trace.hooks != nullptr) trace.tell(&tracing::socket_connected, made.peer_address());
  co_return made;
}

coro<std::vector<socket_address>> connector::addresses_of(std::string host, std::uint16_t port, trace_point trace) {
  if (auto numeric = socket_address::parse(host, port)) co_return std::vector{*numeric};
  known_addresses& all = known();
  service key{.host = host, .port = port, .seed = seed_};
  if (all.cache_contains(key)) {
    trace.tell(&tracing::dns_cache_hit, host);
    co_return co_await all.get(std::move(key));
  }
  trace.tell(&tracing::dns_resolve_start, host);
  auto addresses = co_await all.get(std::move(key));
  trace.tell(&tracing::dns_resolve_end, host);
  co_return addresses;
}

// It may outlive the connector.
coro<std::vector<socket_address>> connector::look_up(std::shared_ptr<resolver> from, service asked) {
  activity resolving(asked.host);
  resolving.enter("resolving");
  auto addresses =
      from != nullptr ? co_await from->resolve(asked.host, asked.port) : co_await resolve(asked.host, asked.port);
  if (addresses.empty()) throw client_error(fmt::format("the resolver knows no address of {}", asked.host));
  co_return addresses;
}

// One look-up of a name at a time, whoever asks: it goes on while anybody waits for it.
connector::known_addresses& connector::known() {
  if (known_) return *known_;
  seed_ = loop::running().random()();
  const auto load = [from = options_.resolver](service asked) -> coro<std::vector<socket_address>> {
    co_return co_await look_up(from, std::move(asked));
  };
  return known_.emplace(load, lru_cache_options{.maxsize = most_known_hosts, .ttl = options_.dns_cache});
}

security connector::security_for_servers() {
  if (options_.tls != nullptr) return options_.tls;
  if (default_security_ == nullptr) default_security_ = tls_context::client();
  return default_security_;
}

coro<byte_stream> connector::secure(byte_stream plain, std::string host, security with,
                                    std::vector<std::string> protocols) {
  const activity securing("TLS handshake");
  start_tls_options how;
  how.server_hostname = std::move(host);
  how.handshake_timeout = options_.timeouts.sock_connect;
  how.alpn_protocols = std::move(protocols);
  co_return co_await with->start_tls(std::move(plain), std::move(how));
}

}  // namespace hocket::http::detail
