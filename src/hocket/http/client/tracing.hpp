#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string_view>

#include <hocket/io/socket_address.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

/// The request that a hook is told about. `id` is the same for all that one call of the session does, redirects included, and
/// another one for each call.
struct traced_request {
  std::uint64_t id;
  std::string_view method;
  const hocket::url& target;
};

/// Told what becomes of requests, in the order in which it happens; what is left empty is not told, and costs nothing. A hook is called
/// on the loop, in passing: it must not throw nor use the session. Counterpart: aiohttp.TraceConfig.
struct tracing {
  template <class... Arguments>
  using hook = std::function<void(const traced_request&, Arguments...)>;

  /// A call of the session has begun.
  hook<> request_start{};
  /// The answer's body has ended; not told if the response is dropped before.
  hook<int /* status */> request_end{};
  /// The call, or reading the body, has failed, or was cancelled.
  hook<const std::exception_ptr&> request_exception{};
  /// The answer leads elsewhere and will be followed.
  hook<int /* status */, const hocket::url& /* to */> request_redirect{};

  /// All connections that may be used are in use: it waits for one.
  hook<> connection_queued_start{};
  hook<> connection_queued_end{};
  /// A connection is made, from the look-up of the name to TLS's handshake.
  hook<> connection_create_start{};
  hook<> connection_create_end{};
  /// One that rested is used.
  hook<> connection_reused{};

  hook<std::string_view /* host */> dns_resolve_start{};
  hook<std::string_view /* host */> dns_resolve_end{};
  hook<std::string_view /* host */> dns_cache_hit{};
  /// The socket is connected, to the server or to its proxy.
  hook<const socket_address& /* peer */> socket_connected{};
  /// TLS's handshake with the server has begun, and has ended.
  hook<> tls_start{};
  hook<> tls_end{};

  hook<> request_headers_sent{};
  hook<std::size_t /* bytes */> request_chunk_sent{};
  hook<int /* status */> response_headers_received{};
  hook<std::size_t /* bytes */> response_chunk_received{};
};

namespace detail {

/// One request's sight of the hooks; null hooks: none.
struct trace_point {
  const tracing* hooks = nullptr;
  std::uint64_t id = 0;
  std::string_view method{};
  const hocket::url* target = nullptr;

  template <class... Declared, class... Arguments>
  void tell(tracing::hook<Declared...> tracing::* which, const Arguments&... arguments) const {
    if (hooks == nullptr) return;
    if (const auto& hook = hooks->*which) hook(traced_request{id, method, *target}, arguments...);
  }
};

}  // namespace detail

}  // namespace hocket::http
