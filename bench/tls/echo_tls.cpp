// A TLS echo server on the public API: echo_tls PORT [CERTIFICATE KEY]; without them its certificate is made on the spot.
// What it is measured against stands in bench/README.md.

#include <cstdlib>

#include <hocket/hocket.hpp>
#include <hocket/tls.hpp>

namespace {

hocket::tls_context context_of(int count, char** arguments) {
  if (count > 3)
    return hocket::tls_context::server({.identities = {{.certfile = arguments[2], .keyfile = arguments[3]}}});
  return hocket::tls_context::server({.identities = {hocket::make_self_signed_certificate().identity()}});
}

hocket::coro<void> serve(hocket::byte_stream plain, hocket::tls_context context) {
  try {
    auto peer = co_await hocket::start_tls(std::move(plain), std::move(context), {.server_side = true});
    while (auto bytes = co_await peer.receive()) co_await peer.send_all(bytes.text());
    co_await peer.close();
  } catch (const std::exception&) {  // the client's affair
  }
}

hocket::coro<void> amain(std::uint16_t port, hocket::tls_context context) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  for (;;) {
    auto peer = co_await hocket::as_expected(listener.accept());
    if (peer) hocket::create_task(serve(hocket::byte_stream(std::move(*peer)), context));
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::atoi(arguments[1]) : 0);
  hocket::run(amain(port, context_of(count, arguments)));
}
