#include <algorithm>
#include <charconv>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/forwarded/forwarded.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t most_elements = 100;

std::string joined(const headers& fields, std::string_view name) {
  std::string list;
  for (const auto value : fields.get_all(name)) {
    if (!list.empty()) list += ',';
    list += value;
  }
  return list;
}

/// The elements of a list whose values are neither quoted nor have parameters; empty ones stay, for their places.
std::vector<std::string_view> elements_of(std::string_view list) {
  std::vector<std::string_view> elements;
  while (!list.empty()) {
    const auto element = list.substr(0, list.find(','));
    elements.push_back(detail::trim(element));
    list.remove_prefix(std::min(element.size() + 1, list.size()));
  }
  return elements;
}

std::string* part_named(forwarded_element& element, std::string_view name) noexcept {
  if (detail::equal_ignoring_case(name, "for")) return &element.from;
  if (detail::equal_ignoring_case(name, "by")) return &element.by;
  if (detail::equal_ignoring_case(name, "host")) return &element.host;
  if (detail::equal_ignoring_case(name, "proto")) return &element.proto;
  return nullptr;
}

/// Parameters between semicolons. Others than the standard's are passed over.
std::optional<forwarded_element> take_element(field_cursor& at) {
  forwarded_element element;
  bool goes_on = true;
  while (goes_on) {
    at.skip_blanks();
    const auto name = at.take_token();
    if (name.empty() || !at.take('=')) return std::nullopt;
    auto value = at.take_parameter_value();
    if (!value) return std::nullopt;
    if (std::string* part = part_named(element, name)) {
      if (!part->empty()) return std::nullopt;
      *part = std::move(*value);
    }
    at.skip_blanks();
    goes_on = at.take(';');
  }
  return element;
}

bool is_host_char(char c) noexcept {
  return detail::is_alphanumeric(c) || std::string_view("-._~!$&'()*+;=%:[]").find(c) != std::string_view::npos;
}

void set_scheme(request_origin& origin, std::string_view scheme) {
  std::string lowered = detail::lower_case(scheme);
  if (lowered == "http" || lowered == "https") origin.scheme = std::move(lowered);
}

void set_host(request_origin& origin, std::string_view host) {
  if (!host.empty() && std::all_of(host.begin(), host.end(), is_host_char)) origin.host = host;
}

}  // namespace

std::optional<std::vector<forwarded_element>> parse_forwarded(std::string_view field) {
  std::vector<forwarded_element> elements;
  field_cursor at(field);
  for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
    auto element = take_element(at);
    if (!element || !at.at_end_of_element() || elements.size() == most_elements) return std::nullopt;
    elements.push_back(std::move(*element));
  }
  return elements;
}

std::optional<socket_address> parse_forwarded_node(std::string_view node) {
  if (node.find('%') != std::string_view::npos) return std::nullopt;  // interfaces are those of another machine
  if (const auto address = socket_address::parse(node, 0)) return address;
  const std::size_t colon = node.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto digits = node.substr(colon + 1);
  const auto host = node.substr(0, colon);
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (!host.starts_with('[') && host.find(':') != std::string_view::npos) return std::nullopt;
  return socket_address::parse(host, port);
}

trusted_proxies::trusted_proxies(std::vector<ip_network> networks, forwarded_fields fields)
    : networks_(std::move(networks)), fields_(fields) {}

bool trusted_proxies::trusts(const socket_address& address) const noexcept {
  return std::any_of(networks_.begin(), networks_.end(), [&](const ip_network& at) { return at.contains(address); });
}

std::optional<request_origin> trusted_proxies::resolve(request_origin direct, const headers& request) const {
  if (!trusts(direct.client)) return direct;
  if (fields_ == forwarded_fields::x_forwarded)
    resolve_x_forwarded(request, direct);
  else if (!resolve_forwarded(request, direct))
    return std::nullopt;
  return direct;
}

/// Walks back from the proxy next to us while those who speak are trusted. Returns the place of the last one that was
/// believed.
std::size_t trusted_proxies::resolve_chain(const std::vector<std::string_view>& chain, request_origin& origin) const {
  std::size_t place = chain.size();
  while (place > 0 && trusts(origin.client)) {
    --place;
    const auto address = parse_forwarded_node(chain[place]);
    if (!address) break;
    origin.client = address->from_v4_mapped();
  }
  return place;
}

/// Returns false if the field is malformed.
bool trusted_proxies::resolve_forwarded(const headers& request, request_origin& origin) const {
  const auto elements = parse_forwarded(joined(request, "Forwarded"));
  if (!elements) return false;
  if (elements->empty()) return true;
  std::vector<std::string_view> chain;
  for (const forwarded_element& at : *elements) chain.push_back(at.from);
  const forwarded_element& believed = (*elements)[resolve_chain(chain, origin)];
  set_scheme(origin, believed.proto);
  set_host(origin, believed.host);
  return true;
}

void trusted_proxies::resolve_x_forwarded(const headers& request, request_origin& origin) const {
  const std::string list = joined(request, "X-Forwarded-For");
  const auto chain = elements_of(list);
  const std::size_t place = resolve_chain(chain, origin);
  const auto value_of = [&](std::string_view name) -> std::string {
    const std::string values = joined(request, name);
    const auto each = elements_of(values);
    if (each.size() == 1) return std::string(each.front());
    if (each.size() == chain.size() && place < each.size()) return std::string(each[place]);
    return {};
  };
  set_scheme(origin, value_of("X-Forwarded-Proto"));
  set_host(origin, value_of("X-Forwarded-Host"));
}

}  // namespace hocket::http
