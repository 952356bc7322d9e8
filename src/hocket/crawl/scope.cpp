#include <algorithm>

#include <libpsl.h>

#include <hocket/crawl/scope.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::crawl {

static std::string place_and_path(const url& whole) { return std::string(whole.host_with_port()).append(whole.path()); }

scope::scope(scope_rule rule, const std::vector<url>& seeds) : rule_(rule) {
  for (const url& seed : seeds) {
    hosts_.emplace(seed.host());
    if (rule == scope_rule::host) places_.insert(std::string(seed.host_with_port()));
    if (rule == scope_rule::domain) places_.insert(registrable_domain(seed.host()));
    if (rule == scope_rule::prefix) {
      std::string prefix = place_and_path(seed);
      prefix.erase(prefix.rfind('/') + 1);
      prefixes_.push_back(std::move(prefix));
    }
  }
}

bool scope::contains(const url& candidate) const {
  switch (rule_) {
    case scope_rule::any:
      return true;
    case scope_rule::host:
      return places_.contains(std::string(candidate.host_with_port()));
    case scope_rule::domain:
      return places_.contains(registrable_domain(candidate.host()));
    case scope_rule::prefix: {
      const std::string where = place_and_path(candidate);
      return std::any_of(prefixes_.begin(), prefixes_.end(),
                         [&](const std::string& prefix) { return where.starts_with(prefix); });
    }
  }
  return false;
}

std::string registrable_domain(std::string_view host) {
  const std::string name(host);
  if (socket_address::parse(host, 0)) return name;
  const psl_ctx_t* list = psl_builtin();
  const char* domain = list != nullptr ? psl_registrable_domain(list, name.c_str()) : nullptr;
  return domain != nullptr ? domain : name;
}

bool is_loopback_host(std::string_view host) {
  if (const auto address = socket_address::parse(host, 0)) return address->is_loopback();
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace hocket::crawl
