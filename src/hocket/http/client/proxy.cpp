// A proxy is written as a URL whose scheme may be none that URLs here have, and whose port has another default: the rest is read as that
// of an http URL, and once more as that of an https URL, for each of them forgets its own default port.

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/base64.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http {
namespace {

constexpr std::uint16_t usual_port = 1080;
constexpr std::uint16_t usual_port_of_https = 443;

proxy::kind kind_named(std::string_view scheme) {
  const std::string name = detail::lower_case(scheme);
  if (name == "http") return proxy::kind::http;
  if (name == "https") return proxy::kind::https;
  if (name == "socks5" || name == "socks5h") return proxy::kind::socks5;
  throw client_error(fmt::format("'{}' is no kind of proxy that is supported: http, https and socks5 are", name));
}

std::string_view scheme_of(proxy::kind kind) noexcept {
  return kind == proxy::kind::http ? "http" : kind == proxy::kind::https ? "https" : "socks5";
}

/// The bytes of an address in numbers; empty if it is none.
std::string bytes_of(std::string_view host) {
  const auto address = socket_address::parse(host, 0);
  if (!address) return "";
  const socket_address plain = address->from_v4_mapped();
  if (plain.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(plain.data());
    return {reinterpret_cast<const char*>(&v4->sin_addr), sizeof v4->sin_addr};
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(plain.data());
  return {reinterpret_cast<const char*>(&v6->sin6_addr), sizeof v6->sin6_addr};
}

bool is_in_network(const std::string& address, std::string_view network) {
  const std::size_t slash = network.find('/');
  const std::string base = bytes_of(network.substr(0, slash));
  if (base.empty() || base.size() != address.size()) return false;
  std::size_t bits = base.size() * 8;
  if (slash != std::string_view::npos) {
    const std::string_view text = network.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (error != std::errc() || end != text.data() + text.size() || bits > base.size() * 8) return false;
  }
  const std::size_t whole = bits / 8;
  if (address.compare(0, whole, base, 0, whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto difference = static_cast<unsigned char>(address[whole] ^ base[whole]);
  return difference >> (8 - rest) == 0;
}

bool is_domain_below(std::string_view host, std::string_view domain) {
  if (host.size() < domain.size() || !host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

proxy proxy::parse(std::string_view text) {
  proxy made;
  const std::size_t colon = text.find("://");
  if (colon != std::string_view::npos) made.kind_ = kind_named(text.substr(0, colon));
  const std::string rest(text.substr(colon == std::string_view::npos ? 0 : colon + 3));
  const auto plain = url::parse("http://" + rest);
  const auto secure = url::parse("https://" + rest);
  if (!plain || !secure)
    throw client_error(fmt::format("the proxy is malformed: {}", describe((plain ? secure : plain).error())));
  if (plain->path() != "/" || plain->has_query() || plain->has_fragment())
    throw client_error("the proxy is malformed: nothing may follow its port");
  made.host_ = plain->host();
  const std::uint16_t otherwise = made.kind_ == kind::https ? usual_port_of_https : usual_port;
  made.port_ = plain->port().value_or(secure->port().value_or(otherwise));
  made.username_ = percent_decode(plain->username());
  made.password_ = percent_decode(plain->password());
  return made;
}

std::string proxy::name() const { return fmt::format("{}://{}:{}", scheme_of(kind_), host_, port_); }

std::string proxy::authorization() const {
  return has_credentials() ? "Basic " + base64_encode(username_ + ":" + password_) : "";
}

proxy proxy::with_digest() const {
  proxy made = *this;
  made.digest_only_ = true;
  return made;
}

proxy_settings proxy_settings::from_environment() {
  return from_environment([](const char* name) -> const char* { return std::getenv(name); });
}

proxy_settings proxy_settings::from_environment(lookup variable) {
  const auto value = [&variable](const char* name) -> std::string_view {
    const char* found = variable(name);
    return found != nullptr ? found : "";
  };
  const auto either = [&value](const char* lower, const char* upper) {
    const std::string_view found = value(lower);
    return found.empty() ? value(upper) : found;
  };
  const auto read = [](std::string_view text, std::string_view otherwise) -> std::optional<proxy> {
    if (text.empty()) text = otherwise;
    if (text.empty()) return std::nullopt;
    return proxy::parse(text);
  };
  proxy_settings found;
  const std::string_view all = either("all_proxy", "ALL_PROXY");
  found.http_ = read(value("http_proxy"), all);
  found.https_ = read(either("https_proxy", "HTTPS_PROXY"), all);
  found.except(either("no_proxy", "NO_PROXY"));
  return found;
}

void proxy_settings::except(std::string_view hosts) {
  constexpr std::string_view separators = ", \t";
  while (true) {
    const std::size_t begin = hosts.find_first_not_of(separators);
    if (begin == std::string_view::npos) return;
    hosts.remove_prefix(begin);
    const std::size_t size = std::min(hosts.find_first_of(separators), hosts.size());
    std::string entry = detail::lower_case(hosts.substr(0, size));
    hosts.remove_prefix(size);
    if (entry.starts_with('.')) entry.erase(0, 1);
    if (entry.ends_with('.')) entry.pop_back();
    if (!entry.empty()) except_.push_back(std::move(entry));
  }
}

bool proxy_settings::is_excepted(std::string_view host) const {
  if (except_.empty()) return false;
  const std::string address = bytes_of(host);
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::ranges::any_of(except_, [&](const std::string& each) {
    return each == "*" || (address.empty() ? is_domain_below(host, each) : is_in_network(address, each));
  });
}

const proxy* proxy_settings::for_target(const url& target) const {
  const std::optional<proxy>& found = target.scheme() == "https" ? https_ : http_;
  return found && !is_excepted(target.host()) ? &*found : nullptr;
}

}  // namespace hocket::http
