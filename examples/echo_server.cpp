// Sends back what it receives, over TCP or TLS: streams, a task for each client. Ctrl-C or SIGTERM ends it in order.
// Run: echo_server [--host H] [--port P] [--cert FILE --key FILE | --self-signed]
#include <chrono>
#include <cstdint>
#include <string>

#include <hocket/tls.hpp>

#include "program.hpp"

using namespace std::chrono_literals;

struct arguments {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8888;
  std::string certfile, keyfile;
  bool self_signed = false;
};

hocket::coro<void> echo(hocket::stream_reader reader, hocket::stream_writer writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(64 * 1024);
    if (bytes.empty()) co_return;  // the end; what was written is still sent, then the server closes the connection
    writer.write(bytes);
    co_await writer.drain();  // a client that does not read is not read from either
  }
}

hocket::security security_of(const arguments& given) {
  if (!given.certfile.empty())
    return hocket::tls_context::server({.identities = {{.certfile = given.certfile, .keyfile = given.keyfile}}});
  if (!given.self_signed) return nullptr;
  const auto made = hocket::make_self_signed_certificate({.hosts = {"localhost", given.host}});
  fmt::print("{}", made.certificate);  // for the client's --cafile
  return hocket::tls_context::server({.identities = {made.identity()}});
}

hocket::coro<void> serve(const arguments& given) {
  auto server = co_await hocket::start_server(echo, given.host, given.port,
                                              {.tls = security_of(given), .tls_shutdown_timeout = 2s});
  for (const auto& address : server.addresses()) fmt::print("echoing at {}\n", address.to_string());
  co_await server.serve_forever();  // until cancelled: then it closes its clients and waits for them
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Sends back what it receives.", "echo_server");
  options.add_option("--host", given.host, "the address to listen at")->capture_default_str();
  options.add_option("--port", given.port, "the port; 0: one that is free")->capture_default_str();
  auto* cert = options.add_option("--cert", given.certfile, "TLS with this certificate chain, in PEM");
  auto* key = options.add_option("--key", given.keyfile, "its private key, in PEM")->needs(cert);
  cert->needs(key);
  options.add_flag("--self-signed", given.self_signed, "TLS with a new certificate, which is printed")->excludes(cert);
  read_command_line(options, argc, argv);
  return run_program(options, serve(given));
}
