#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/request_fields.hpp>
#include <hocket/http/detail/authority.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {

void require_method(std::string_view method) {
  if (!is_token(method)) throw client_error("the method is not a token");
}

void require_fields(const headers& fields) {
  for (const auto& [name, value] : fields)
    if (equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Transfer-Encoding"))
      throw client_error(fmt::format("{} is not for the caller to say: it follows from the body", name));
  const auto hosts = fields.get_all("Host");
  if (hosts.empty()) return;
  if (hosts.size() > 1) throw client_error("more than one Host");
  if (!is_authority(hosts.front()))
    throw client_error(fmt::format("Host is no host with perhaps a port: '{}'", hosts.front()));
}

// RFC 9110, 8.6: these say so even if they have no body.
static bool usually_has_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

std::optional<std::uint64_t> announced_length(const outgoing_request& request) noexcept {
  const std::optional<std::uint64_t> length =
      request.content != nullptr ? request.content->length() : std::optional<std::uint64_t>(0);
  return length == 0U && !usually_has_body(request.method) ? std::nullopt : length;
}

const headers* fields_that_say(std::string_view name, const outgoing_request& request) noexcept {
  if (request.fields.contains(name)) return &request.fields;
  if (request.added != nullptr && request.added->contains(name)) return request.added;
  if (request.defaults != nullptr && request.defaults->contains(name)) return request.defaults;
  return nullptr;
}

}  // namespace hocket::http::detail
