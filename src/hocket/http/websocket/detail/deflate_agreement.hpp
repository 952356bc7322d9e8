#pragma once

#include <optional>
#include <string>

#include <hocket/http/headers.hpp>
#include <hocket/http/websocket/websocket.hpp>
#include <hocket/http/websocket/websocket_deflate.hpp>

namespace hocket::http::detail {

using deflate_agreement = websocket_agreement::compression;

/// What a client says in Sec-WebSocket-Extensions: what it wants, and then the same without a window for the server, which many do not know (RFC
/// 7692, 5.1, 7.1.2.1).
[[nodiscard]] std::string offer_deflate(const websocket_deflate& wanted);

struct accepted_deflate {
  deflate_agreement agreed;
  std::string field;  ///< what the server says in Sec-WebSocket-Extensions
};
/// What a server makes of a client's offers: the first that it can take; nothing if there is none. Throws hocket::error of what is malformed.
[[nodiscard]] std::optional<accepted_deflate> accept_deflate(const headers& asked, const websocket_deflate& wanted);

/// What a client makes of the answer to its offer, or to none: nothing, if the server wants none. Throws `protocol_error` of what was not
/// offered.
[[nodiscard]] std::optional<deflate_agreement> agree_on_deflate(const headers& answered,
                                                                const std::optional<websocket_deflate>& offered);

}  // namespace hocket::http::detail
