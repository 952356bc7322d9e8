#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/http/client/detail/credential_fields.hpp>
#include <hocket/http/client/detail/outgoing_request.hpp>

// What a request says, in every version of HTTP.

namespace hocket::http::detail {

/// Throws `client_error` if the method is no token: a middleware may have set it.
void require_method(std::string_view method);

/// Throws `client_error` if a field contradicts the body (Content-Length, Transfer-Encoding), or there are several Hosts, or one that is
/// none: two parties who disagree on where a request ends, or for whom it is, can be played against each other. Source: RFC 9112, 3.2 and 6.
void require_fields(const headers& fields);

/// What Content-Length says; nothing: it is not sent, for there is no body, or its length is not known. RFC 9110, 8.6
[[nodiscard]] std::optional<std::uint64_t> announced_length(const outgoing_request& request) noexcept;

/// The fields out of which those of that name come; null: there are none.
[[nodiscard]] const headers* fields_that_say(std::string_view name, const outgoing_request& request) noexcept;

/// Calls `add(name, value)` for each field in order: the caller's own, which may have a Host; then what is added, and the defaults for what
/// nobody has said. None says how the body is framed.
template <class Add>
void for_each_field(const outgoing_request& request, Add add) {
  const auto is_set = [&](std::string_view name) {
    return request.fields.contains(name) || (request.added != nullptr && request.added->contains(name));
  };
  for (const auto& [name, value] : request.fields) add(name, value);
  if (request.added != nullptr)
    for (const auto& [name, value] : *request.added) add(name, value);
  if (request.defaults != nullptr) {
    for (const auto& [name, value] : *request.defaults)
      if (!is_set(name) && !(request.leaves_credentials && is_credential(name))) add(name, value);
    if (!is_set("Accept") && !request.defaults->contains("Accept")) add("Accept", "*/*");
  }
  if (request.expect_continue && !request.fields.contains("Expect")) add("Expect", "100-continue");
}

}  // namespace hocket::http::detail
