#pragma once

namespace hocket::http::detail {

/// The status behind which another protocol is spoken. RFC 9110, 15.2.2
inline constexpr int switching_protocols = 101;

}  // namespace hocket::http::detail
