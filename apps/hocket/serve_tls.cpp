#include "serve_tls.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <hocket/tls/self_signed_certificate.hpp>
#include <hocket/tls/tls_context.hpp>
#include <hocket/tls/tls_error.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

void add(std::vector<std::string>& hosts, std::string host) {
  if (!host.empty() && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(std::move(host));
}

bool is_every_address(const socket_address& address) { return address.host() == "0.0.0.0" || address.host() == "::"; }

void add_name_of_machine(std::vector<std::string>& hosts) {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) add(hosts, name.data());
}

void add_addresses_of_machine(std::vector<std::string>& hosts) {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(first, &::freeifaddrs);
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    const int family = each->ifa_addr != nullptr ? each->ifa_addr->sa_family : AF_UNSPEC;
    if (family == AF_INET) add(hosts, socket_address(each->ifa_addr, sizeof(sockaddr_in)).host());
    if (family == AF_INET6) add(hosts, socket_address(each->ifa_addr, sizeof(sockaddr_in6)).host());
  }
}

tls_server_options showing(tls_identity identity) {
  tls_server_options options;
  options.identities.push_back(std::move(identity));
  return options;
}

}  // namespace

std::vector<std::string> hosts_served(const std::string& host, const socket_address& address) {
  std::vector<std::string> hosts;
  const bool every = is_every_address(address);
  if (!every) {
    const auto numeric = socket_address::parse(host, 0);
    add(hosts, numeric ? numeric->host() : host);
    add(hosts, address.host());
  }
  if (every || address.is_loopback())
    for (const char* own : {"localhost", "127.0.0.1", "::1"}) add(hosts, own);
  if (every) {
    add_name_of_machine(hosts);
    add_addresses_of_machine(hosts);
  }
  return hosts;
}

serve_security secure_server(const serve_tls_arguments& arguments, const std::string& host,
                             const socket_address& address) {
  if (!arguments.wanted()) return {};
  try {
    if (!arguments.self_signed) {
      auto context =
          tls_context::server(showing({.certfile = arguments.certificate_file, .keyfile = arguments.key_file}));
      return {.tls = context, .from_files = context};
    }
    const auto hosts = hosts_served(host, address);
    const auto made = make_self_signed_certificate({.hosts = hosts});
    return {
        .tls = tls_context::server(showing(made.identity())),
        .description = fmt::format("its certificate is for {}; SHA-256 {}", fmt::join(hosts, ", "), made.fingerprint)};
  } catch (const tls_error& problem) {
    throw failure(problem.what(), work_failed);
  }
}

}  // namespace hocket::app
