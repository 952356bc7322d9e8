// Looks up many names at once, without a thread for each, and prints the addresses of each and who takes its mail.
// Run: dns_lookup NAME... [--server ADDRESS] [--port PORT] [--timeout SECONDS], for example dns_lookup debian.org kernel.org
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <hocket/dns.hpp>

#include "program.hpp"

struct arguments {
  std::vector<std::string> names;
  std::string server;  // none: the system's
  std::uint16_t port = 53;
  double timeout_seconds = 2;
};

hocket::coro<std::string> mail_of(hocket::dns_resolver& resolver, const std::string& name) {
  try {
    std::string text;
    for (const auto& each : co_await resolver.query<hocket::dns::mx>(name)) text += fmt::format(" {}", each.host);
    co_return ", mail to" + text;
  } catch (const hocket::dns_error&) {  // many have none
    co_return "";
  }
}

hocket::coro<bool> look_up(hocket::dns_resolver& resolver, const std::string& name) {
  try {
    std::string text = name + ":";
    for (const auto& address : co_await resolver.resolve(name, 0)) text += " " + address.host();
    text += co_await mail_of(resolver, name);
    fmt::print("{}\n", text);
    co_return true;
  } catch (const hocket::dns_error& error) {
    fmt::print("{}\n", error.what());
    co_return false;
  }
}

hocket::coro<void> look_up_all(const arguments& given) {
  hocket::dns_options options{
      .timeout = std::chrono::duration_cast<hocket::duration>(std::chrono::duration<double>(given.timeout_seconds)),
      .tries = 2};
  if (!given.server.empty()) options.servers = co_await hocket::resolve(given.server, given.port);
  hocket::dns_resolver resolver(options);
  std::vector<hocket::coro<bool>> calls;
  for (const std::string& name : given.names) calls.push_back(look_up(resolver, name));
  const auto found = co_await hocket::gather(std::move(calls));
  fmt::print("{} names, {} found, {} questions\n", found.size(), std::ranges::count(found, true),
             resolver.statistics().questions);
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Prints the addresses of names, and who takes their mail.", "dns_lookup");
  options.add_option("NAME", given.names, "what to look up")->required();
  options.add_option("--server", given.server, "the name server to ask, instead of the system's");
  options.add_option("--port", given.port, "where it listens")->capture_default_str()->check(CLI::Range(1, 65535));
  options
      .add_option("--timeout", given.timeout_seconds, "of the first try, in seconds; there is one more, twice as long")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  read_command_line(options, argc, argv);
  return run_program(options, look_up_all(given));
}
