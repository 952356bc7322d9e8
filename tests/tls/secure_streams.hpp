#pragma once

#include <string>
#include <utility>

#include <io/connected_sockets.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/tls/self_signed_certificate.hpp>
#include <hocket/tls/start_tls.hpp>
#include <hocket/tls/tls_context.hpp>
#include <hocket/tls/tls_error.hpp>
#include <hocket/tls/tls_layer.hpp>

namespace hocket::testing {

/// One for all tests, for "localhost", 127.0.0.1 and ::1.
inline const self_signed_certificate& certificate_of_localhost() {
  static const self_signed_certificate made = make_self_signed_certificate();
  return made;
}

inline tls_context localhost_server(tls_server_options options = {}) {
  if (options.identities.empty()) options.identities.push_back(certificate_of_localhost().identity());
  return tls_context::server(std::move(options));
}

inline tls_context trusting_client(tls_client_options options = {}) {
  if (options.cadata.empty()) options.cadata = certificate_of_localhost().certificate;
  return tls_context::client(std::move(options));
}

/// The two ends of one connection.
struct stream_pair {
  byte_stream client;
  byte_stream server;
};

inline coro<stream_pair> plain_pair() {
  auto [client, server] = co_await connect_on_loopback();
  co_return stream_pair{byte_stream(std::move(client)), byte_stream(std::move(server))};
}

inline coro<stream_pair> secure(stream_pair under, tls_context client, tls_context server,
                                start_tls_options options = {}) {
  if (options.server_hostname.empty()) options.server_hostname = "localhost";
  start_tls_options of_server = options;
  of_server.server_side = true;
  of_server.server_hostname.clear();
  auto [first, second] = co_await gather(start_tls(std::move(under.client), std::move(client), std::move(options)),
                                         start_tls(std::move(under.server), std::move(server), std::move(of_server)));
  co_return stream_pair{std::move(first), std::move(second)};
}

inline coro<stream_pair> secure_pair() {
  co_return co_await secure(co_await plain_pair(), trusting_client(), localhost_server());
}

/// What the peer sends until its closure alert.
inline coro<std::string> receive_to_end(byte_stream& from) {
  std::string all;
  while (auto piece = co_await from.receive()) all += piece.text();
  co_return all;
}

/// What a coroutine throws: its code and text.
struct failure {
  std::error_code code;
  std::string text;
};

template <class Work>
coro<failure> failure_of(Work work) {
  try {
    static_cast<void>(co_await std::move(work));
  } catch (const std::system_error& thrown) {
    co_return failure{thrown.code(), thrown.what()};
  } catch (const std::exception& thrown) {
    co_return failure{{}, thrown.what()};
  }
  co_return failure{{}, "nothing was thrown"};
}

}  // namespace hocket::testing
