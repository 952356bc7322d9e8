#include <cstddef>
#include <string>

#include <hocket/redis/detail/numbers.hpp>
#include <hocket/redis/detail/redirection.hpp>
#include <hocket/redis/key_slot.hpp>

namespace hocket::redis::detail {

std::optional<redirection> parse_redirection(std::string_view error, std::string_view said_by) {
  const std::size_t first = error.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = error.find(' ', first + 1);
  const std::size_t colon = error.rfind(':');
  if (second == std::string_view::npos || colon == std::string_view::npos || colon < second) return std::nullopt;
  const auto slot = parse_integer<std::uint16_t>(error.substr(first + 1, second - first - 1));
  const auto port = parse_integer<std::uint16_t>(error.substr(colon + 1));
  const std::string_view host = error.substr(second + 1, colon - second - 1);
  if (!slot || *slot >= slot_count || !port || *port == 0 || host.contains(' ')) return std::nullopt;
  return redirection{.slot = *slot, .to = {.host = std::string(host.empty() ? said_by : host), .port = *port}};
}

}  // namespace hocket::redis::detail
