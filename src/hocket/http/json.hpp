#pragma once

// Includes nlohmann-json: the one header of the folder that needs a library of others.

#include <cstddef>
#include <optional>

#include <nlohmann/json.hpp>

#include <hocket/core/coro.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>

namespace hocket::http {

struct json_limits {
  /// Of the text; none: the server's `max_body_bytes`.
  std::optional<std::size_t> size_bytes{};
  /// Of arrays and objects in each other.
  std::size_t depth = 64;
};

/// Reads the JSON that a request brings, as `application/json` or a type of its kin (`...+json`). Of several members of one name the last
/// counts. Throws `http_error` 400 (malformed, not UTF-8, too deep, a number that fits none), 413, 415 (another type, or with a content coding),
/// and what `request::next` throws.
///
/// No page of another site can send that type without having been allowed to (CORS). Counterpart: aiohttp.web.Request.json.
[[nodiscard]] coro<nlohmann::json> read_json(request& asked, json_limits limits = {});

/// That value as "application/json". Bytes that are no UTF-8 become U+FFFD. Counterpart: aiohttp.web.json_response.
[[nodiscard]] reply json_reply(const nlohmann::json& value, int status = 200);

}  // namespace hocket::http
