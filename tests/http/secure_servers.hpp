#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <http/scripted_server.hpp>

#include <hocket/io/byte_stream.hpp>
#include <hocket/tls/self_signed_certificate.hpp>
#include <hocket/tls/start_tls.hpp>
#include <hocket/tls/tls_context.hpp>
#include <hocket/tls/tls_layer.hpp>

namespace hocket::testing {

/// The certificate of all servers here, for "localhost", 127.0.0.1 and ::1.
inline const self_signed_certificate& certificate_here() {
  static const self_signed_certificate made = make_self_signed_certificate();
  return made;
}

/// A server that shows it.
inline tls_context server_here(tls_server_options options = {}) {
  options.identities.push_back(certificate_here().identity());
  return tls_context::server(std::move(options));
}

/// A client that trusts it.
inline tls_context client_here(tls_client_options options = {}) {
  options.cadata = certificate_here().certificate;
  return tls_context::client(std::move(options));
}

/// What happens to the n-th connection of a scripted server once hands are shaken. Dropped without TLS's farewell when it ends.
using secure_script = function<coro<void>(byte_stream& peer, std::size_t nth)>;

inline scripted_server::script over_tls(secure_script play, tls_context context = server_here()) {
  return [play = std::move(play), context](tcp_socket& peer, std::size_t nth) mutable -> coro<void> {
    byte_stream secured = co_await start_tls(byte_stream(std::move(peer)), context, {.server_side = true});
    co_await play(secured, nth);
  };
}

/// A script that answers every request of every connection, and says farewell.
template <class Answer>
secure_script answering_securely(Answer answer) {
  return [answer = std::move(answer)](byte_stream& peer, std::size_t) -> coro<void> {
    for (;;) {
      const std::string request = co_await read_request(peer);
      if (request.empty()) break;
      co_await peer.send_all(answer(request));
    }
    co_await peer.close();
  };
}

inline std::string secure_url(const scripted_server& server, std::string_view path = "/") {
  return fmt::format("https://localhost:{}{}", server.port(), path);
}

}  // namespace hocket::testing
