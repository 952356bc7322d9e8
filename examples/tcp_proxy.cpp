// Passes connections on to another server, both ways: no faster than the receiving side reads, and each end on its own.
// Run: tcp_proxy LISTEN_PORT TARGET_HOST TARGET_PORT
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "program.hpp"

struct arguments {
  std::uint16_t port = 0;
  std::string target_host;
  std::uint16_t target_port = 0;
};

hocket::coro<void> pass_on(hocket::byte_stream& from, hocket::byte_stream& to) {
  while (const hocket::buffer bytes = co_await from.receive()) co_await to.send_all(bytes.text());
  co_await to.shutdown_send();  // the end of this direction; the other one goes on
}

hocket::coro<void> forward(hocket::byte_stream& client, const arguments& given) {
  hocket::byte_stream target(co_await hocket::connect_tcp(given.target_host, given.target_port));
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    group.create_task(pass_on(client, target));
    co_await pass_on(target, client);
  });
}

void log(const std::string& client, const std::exception& failure) {
  fmt::print(stderr, "tcp_proxy: {}: {}\n", client, failure.what());
}

// Returns when both directions have ended, or one has failed: then both connections are closed.
hocket::coro<void> serve(hocket::byte_stream client, const arguments& given) {
  std::string name = "a client";
  try {
    name = client.peer_address().to_string();
    co_await forward(client, given);
  } catch (const hocket::exception_group& failures) {
    failures.visit<std::exception>([&](const std::exception& failure) { log(name, failure); });
  } catch (const std::exception& failure) {
    log(name, failure);
  }
}

hocket::coro<void> listen(const arguments& given) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", given.port));
  fmt::print("forwarding from {} to {}:{}\n", listener.local_address().to_string(), given.target_host,
             given.target_port);
  co_await hocket::with_task_group([&](hocket::task_group& clients) -> hocket::coro<void> {
    for (;;) {
      hocket::byte_stream client(co_await hocket::accept_connection(listener));
      clients.create_task(serve(std::move(client), given));
    }
  });
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Passes connections on to another server.", "tcp_proxy");
  options.add_option("LISTEN_PORT", given.port, "of 127.0.0.1; 0: one that is free")->required();
  options.add_option("TARGET_HOST", given.target_host, "where to pass them on to")->required();
  options.add_option("TARGET_PORT", given.target_port, "its port")->required();
  read_command_line(options, argc, argv);
  return run_program(options, listen(given));
}
