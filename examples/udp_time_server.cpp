// Answers each datagram, an empty one too, with the time of day (RFC 867).
// Run: udp_time_server [--host H] [--port P]
#include <chrono>
#include <cstdint>
#include <string>

#include <fmt/chrono.h>

#include <hocket/io/udp_socket.hpp>

#include "program.hpp"

std::string time_of_day() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}\n", now);
}

hocket::coro<void> serve(std::string host, std::uint16_t port) {
  const auto address = (co_await hocket::resolve(host, port)).front();
  auto socket = hocket::udp_socket::bind(address);
  fmt::print("telling the time at {}\n", socket.local_address().to_string());
  for (;;) {
    const hocket::lent_datagram question = co_await socket.receive_from();
    const std::string answer = time_of_day();
    const auto sent = co_await hocket::as_expected(socket.send_to(answer, question.sender));
    if (!sent)  // one who cannot be answered harms nobody else
      fmt::print(stderr, "udp_time_server: {}: {}\n", question.sender.to_string(), sent.error().message());
  }
}

int main(int argc, char** argv) {
  std::string host = "127.0.0.1";
  std::uint16_t port = 1313;
  CLI::App options("Answers each datagram with the time of day.", "udp_time_server");
  options.add_option("--host", host, "the address to listen at")->capture_default_str();
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(host, port));
}
