#pragma once

#include <cstdint>
#include <string_view>

namespace hocket::http {

/// Why a websocket is closed. Programs have 3000 to 4999 for themselves. Source: RFC 6455, 7.4; IANA's registry.
namespace close_code {

inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;  ///< the server stops, the page was left
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t none = 1005;      ///< never sent: the other side gave no code
inline constexpr std::uint16_t abnormal = 1006;  ///< never sent: the connection was lost
inline constexpr std::uint16_t invalid_data = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t message_too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;
inline constexpr std::uint16_t service_restart = 1012;
inline constexpr std::uint16_t try_again_later = 1013;

}  // namespace close_code

/// It may stand in a close frame.
[[nodiscard]] constexpr bool may_send_close_code(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace hocket::http
