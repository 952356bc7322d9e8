#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/headers.hpp>
#include <hocket/loop/random_source.hpp>

namespace hocket::http::detail {

inline constexpr std::string_view websocket_version = "13";

/// What a client says in Sec-WebSocket-Key: 16 bytes at random.
[[nodiscard]] std::string make_websocket_key(random_source& random);
/// It is such a key.
[[nodiscard]] bool is_websocket_key(std::string_view text);
/// What the server says in Sec-WebSocket-Accept, to show that it has read that. Source: RFC 6455, 4.2.2.
[[nodiscard]] std::string websocket_accept(std::string_view key);

/// The tokens of a list that may stand in several fields, in order. Throws hocket::error of what is no such list.
[[nodiscard]] std::vector<std::string_view> tokens_of(const headers& fields, std::string_view name);
/// "a, b". Throws hocket::error of what is no token.
[[nodiscard]] std::string list_of_tokens(std::span<const std::string> tokens);

}  // namespace hocket::http::detail
