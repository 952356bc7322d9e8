// Asks for the time by UDP. A datagram may be lost, so it asks again after a while; that nobody is there it hears at once.
// Run: udp_time_client HOST PORT [--tries N] [--timeout SECONDS]
#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <hocket/io/udp_socket.hpp>

#include "program.hpp"

struct arguments {
  std::string host;
  std::uint16_t port = 0;
  int tries = 3;
  double timeout_seconds = 1;
};

hocket::coro<void> ask(const arguments& given) {
  // A socket that is connected hears when the other machine refuses what was sent: ECONNREFUSED.
  auto socket = co_await hocket::connect_udp(given.host, given.port);
  const std::chrono::duration<double> limit(given.timeout_seconds);
  for (int attempt = 1; attempt <= given.tries; ++attempt) {
    co_await socket.send("");
    try {
      std::array<char, 128> bytes;
      const auto answer = co_await hocket::wait_for(socket.receive_from(bytes), limit);
      fmt::print("{}", std::string_view(bytes.data(), answer.size));
      co_return;
    } catch (const hocket::timeout_error&) {
      fmt::print(stderr, "udp_time_client: no answer to question {} of {}\n", attempt, given.tries);
    }
  }
  throw std::runtime_error("nobody answers");
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Asks for the time by UDP.", "udp_time_client");
  options.add_option("HOST", given.host, "where the server is")->required();
  options.add_option("PORT", given.port, "its port")->required();
  options.add_option("--tries", given.tries, "how often to ask")->capture_default_str()->check(CLI::PositiveNumber);
  options.add_option("--timeout", given.timeout_seconds, "how long to wait for each answer, in seconds")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  read_command_line(options, argc, argv);
  return run_program(options, ask(given));
}
