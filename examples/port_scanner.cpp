// Tries many ports of a host, a limited number at a time and each for a limited time, and prints those that are open.
// Run: port_scanner HOST FIRST-LAST [--limit N] [--timeout SECONDS], for example port_scanner localhost 1-1024
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include "program.hpp"

struct arguments {
  std::string host;
  int first = 0, last = 0;
  std::size_t limit = 200;
  double timeout_seconds = 1;
};

enum class state { open, closed, silent };

hocket::coro<state> try_port(hocket::socket_address address, hocket::semaphore& free, double timeout_seconds) {
  const auto permit = co_await free.scoped_acquire();
  try {
    const std::chrono::duration<double> limit(timeout_seconds);
    const auto socket = co_await hocket::wait_for(hocket::tcp_socket::connect(address), limit);
    // On this machine the system may have called from the very port that is tried: then the socket has met itself.
    co_return socket.local_address() == address ? state::closed : state::open;
  } catch (const hocket::timeout_error&) {
    co_return state::silent;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::connection_refused) co_return state::closed;
    if (error.code() == std::errc::host_unreachable) co_return state::silent;  // a firewall says so
    throw;
  }
}

hocket::coro<void> scan(const arguments& given) {
  const auto host = (co_await hocket::resolve(given.host, 0)).front();
  hocket::semaphore free(given.limit);
  std::vector<hocket::coro<state>> tries;
  for (int port = given.first; port <= given.last; ++port)
    tries.push_back(try_port(host.with_port(static_cast<std::uint16_t>(port)), free, given.timeout_seconds));
  const auto states = co_await hocket::gather(std::move(tries));  // in the order of the ports

  for (std::size_t n = 0; n < states.size(); ++n)
    if (states[n] == state::open) fmt::print("{} is open\n", given.first + static_cast<int>(n));
  fmt::print("{}: {} ports: {} open, {} closed, {} silent\n", host.host(), states.size(),
             std::ranges::count(states, state::open), std::ranges::count(states, state::closed),
             std::ranges::count(states, state::silent));
}

int main(int argc, char** argv) {
  arguments given;
  std::string ports;
  CLI::App options("Prints which ports of a host are open.", "port_scanner");
  options.add_option("HOST", given.host, "a name or an address")->required();
  options.add_option("PORTS", ports, "FIRST-LAST")->required()->check([&](const std::string& text) -> std::string {
    char rest = 0;
    const bool two = std::sscanf(text.c_str(), "%5d-%5d%c", &given.first, &given.last, &rest) == 2;
    if (two && 1 <= given.first && given.first <= given.last && given.last <= 65535) return {};
    return fmt::format("'{}' is no range FIRST-LAST of ports from 1 to 65535", text);
  });
  options.add_option("--limit", given.limit, "ports tried at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 65535));
  options.add_option("--timeout", given.timeout_seconds, "for each port, in seconds")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  read_command_line(options, argc, argv);
  return run_program(options, scan(given));
}
