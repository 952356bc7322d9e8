#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include <hocket/crawl/options.hpp>

namespace hocket::crawl {

/// Decides which URLs belong to a crawl.
class scope {
 public:
  scope(scope_rule rule, const std::vector<url>& seeds);

  [[nodiscard]] bool contains(const url& candidate) const;

  /// True if a seed names this very host: then even a private address is meant.
  [[nodiscard]] bool names_host(std::string_view host) const { return hosts_.contains(std::string(host)); }

 private:
  scope_rule rule_;
  std::unordered_set<std::string> hosts_;   // as named by seeds
  std::unordered_set<std::string> places_;  // hosts with ports, or domains
  std::vector<std::string> prefixes_;       // "host:port/path/"
};

/// The part of a host name that one registers ("example.co.uk" of "www.example.co.uk"), by the public suffix list;
/// the host itself if it has none, or is an address.
[[nodiscard]] std::string registrable_domain(std::string_view host);

/// True for hosts that name this machine: addresses of the loopback network, "localhost" and what is below it (RFC 6761).
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace hocket::crawl
