#include "name_resolver.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/dns/dns_resolver.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

constexpr std::uint16_t dns_port = 53;

/// "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353".
std::optional<socket_address> parse_server(std::string_view text) {
  if (auto without_port = socket_address::parse(text, dns_port)) return without_port;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return socket_address::parse(text.substr(0, colon), port);
}

}  // namespace

void add_resolver_options(CLI::App& command, resolver_arguments& arguments) {
  command.add_option("--resolver", arguments.kind, "who finds hosts: the system, or name servers asked directly")
      ->check(CLI::IsMember(std::vector<std::string>{"system", "dns"}).description(""))
      ->type_name("system|dns")
      ->capture_default_str();
  command.add_option("--dns-server", arguments.servers, "ask this name server, not those of resolv.conf")
      ->type_name("ADDRESS")
      ->allow_extra_args(false);
}

std::shared_ptr<resolver> make_resolver(const resolver_arguments& arguments) {
  if (arguments.kind == "system" && arguments.servers.empty()) return nullptr;
  dns_options options;
  for (const std::string& each : arguments.servers) {
    auto server = parse_server(each);
    if (!server) throw failure(fmt::format("--dns-server '{}' is not the address of a server", each), wrong_usage);
    options.servers.push_back(*server);
  }
  try {
    return std::make_shared<dns_resolver>(std::move(options));
  } catch (const error& problem) {
    throw failure(problem.what(), work_failed);
  }
}

}  // namespace hocket::app
