#include <algorithm>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/virtual_hosts.hpp>

namespace hocket::http {

static std::string_view without_port(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos)
    return host;  // an IPv6 address
  return host.substr(0, colon);
}

static std::string normal(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return detail::lower_case(host);
}

void virtual_hosts::add(std::string_view host, handler answer) {
  std::string name = normal(host);
  const bool is_wildcard = name.starts_with("*.");
  if (is_wildcard) name.erase(0, 1);
  if (name.size() < 1 + std::size_t{is_wildcard} || name.contains('*') || without_port(name) != name)
    throw error(fmt::format("'{}' is no virtual host", host));
  if (!(is_wildcard ? wildcards_ : hosts_).try_emplace(std::move(name), std::move(answer)).second)
    throw error(fmt::format("the virtual host '{}' is there already", host));
}

handler* virtual_hosts::find(std::string_view host) {
  if (const auto found = hosts_.find(host); found != hosts_.end()) return &found->second;
  for (std::size_t dot = host.find('.', 1); dot != std::string_view::npos; dot = host.find('.', dot + 1))
    if (const auto found = wildcards_.find(host.substr(dot)); found != wildcards_.end()) return &found->second;
  return nullptr;
}

coro<reply> virtual_hosts::operator()(request& asked) {
  handler* chosen = find(normal(without_port(asked.host())));
  if (chosen == nullptr && otherwise_) chosen = &otherwise_;
  if (chosen == nullptr) throw http_error(421, "no such host here");
  return (*chosen)(asked);
}

}  // namespace hocket::http
