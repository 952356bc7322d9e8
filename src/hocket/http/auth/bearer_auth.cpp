#include <hocket/base/error.hpp>
#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/http/auth/bearer_auth.hpp>

namespace hocket::http {

std::string format_bearer(std::string_view token) {
  std::string field = "Bearer " + std::string(token);
  if (parse_bearer(field) != token) throw error("that is no bearer token");
  return field;
}

std::optional<std::string> parse_bearer(std::string_view field) {
  auto given = parse_credentials(field);
  if (!given || given->scheme != "bearer" || given->token.empty()) return std::nullopt;
  return std::move(given->token);
}

}  // namespace hocket::http
