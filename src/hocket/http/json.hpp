#pragma once

// Includes nlohmann-json: the one header of the folder that needs a library of others.

#include <concepts>
#include <cstddef>
#include <optional>

#include <nlohmann/json.hpp>

#include <hocket/core/coro.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>

namespace hocket::http {

struct json_options {
  /// Of the text; none: the server's `max_body_bytes` of a request, 64 MiB of a response.
  std::optional<std::size_t> size_bytes{};
  /// Of arrays and objects in each other.
  std::size_t depth = 64;
  /// Whatever Content-Type says. Of requests: any page of another site may then send it, too.
  bool any_type = false;
};

/// A response was to be read as JSON, and its Content-Type is another one, or there is none. Counterpart: aiohttp.ContentTypeError.
class content_type_error : public client_error {
 public:
  using client_error::client_error;
};

/// A response that is no JSON, deeper than it may be, or not the JSON that was to be read. Counterpart: json.JSONDecodeError.
class json_error : public client_error {
 public:
  using client_error::client_error;
};

namespace detail {
coro<nlohmann::json> read_json(request& asked, json_options how);
coro<nlohmann::json> read_json(response& answer, json_options how);
[[noreturn]] void refuse_json(const request& asked, const nlohmann::json::exception& why);
[[noreturn]] void refuse_json(const response& answer, const nlohmann::json::exception& why);

template <class Value, class Message>
coro<Value> read_json_as(Message& from, json_options how) {
  auto value = co_await read_json(from, how);
  if constexpr (std::same_as<Value, nlohmann::json>) {
    co_return value;
  } else {
    try {
      co_return value.template get<Value>();
    } catch (const nlohmann::json::exception& why) {
      refuse_json(from, why);
    }
  }
}
}  // namespace detail

/// Reads the JSON that a request brings, as `application/json` or a type of its kin (`...+json`), into anything that nlohmann-json makes of it
/// (its `from_json`). Of several members of one name the last counts. Throws `http_error` 400 (malformed, not UTF-8, too deep, a number
/// that fits none, no such value), 413, 415 (another type, or with a content coding), and what `request::next` throws.
///
/// No page of another site can send that type without having been allowed to (CORS). Counterpart: aiohttp.web.Request.json.
template <class Value = nlohmann::json>
[[nodiscard]] HOCKET_CORO_WRAPPER coro<Value> read_json(request& asked, json_options how = {}) {
  return detail::read_json_as<Value>(asked, how);
}

/// Reads the JSON that a response brings, whatever its status, in the same way: as `application/json` or `application/...+json`, in the charset
/// that it says, UTF-8 otherwise. Throws `content_type_error`, `json_error`, `text_decoding_error`, `body_too_large`, and what
/// `response::next` throws. Counterpart: aiohttp.ClientResponse.json, which makes None of an empty body: here it is malformed.
///
///     const auto weather = co_await http::read_json<forecast>(answer);
template <class Value = nlohmann::json>
[[nodiscard]] HOCKET_CORO_WRAPPER coro<Value> read_json(response& answer, json_options how = {}) {
  return detail::read_json_as<Value>(answer, how);
}

/// That value as "application/json". Bytes that are no UTF-8 become U+FFFD. Counterpart: aiohttp.web.json_response.
[[nodiscard]] reply json_reply(const nlohmann::json& value, int status = 200);

}  // namespace hocket::http
