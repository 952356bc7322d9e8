#pragma once

#include <cstdint>
#include <string_view>

#include <hocket/url/detail/byte_set.hpp>

namespace hocket::detail {

/// A scheme with rules of its own: slashes either way, a host, perhaps a port of its own.
/// Source: WHATWG URL, "special scheme".
struct special_scheme {
  std::string_view name;
  std::uint16_t default_port;  // 0: none, nor any other
  bool takes_encoding;         // queries are written in the document's encoding
};

inline constexpr special_scheme https_scheme{"https", 443, true};
inline constexpr special_scheme http_scheme{"http", 80, true};
inline constexpr special_scheme file_scheme{"file", 0, true};
inline constexpr special_scheme wss_scheme{"wss", 443, false};
inline constexpr special_scheme ws_scheme{"ws", 80, false};
inline constexpr special_scheme ftp_scheme{"ftp", 21, true};

/// The special scheme of that name, in any case; null if there is none.
[[nodiscard]] constexpr const special_scheme* find_special_scheme(std::string_view name) noexcept {
  const auto is = [name](const special_scheme& scheme) {
    for (std::size_t at = 0; at < name.size(); ++at) {
      if (to_ascii_lower(name[at]) != scheme.name[at]) return false;
    }
    return true;
  };
  switch (name.size()) {
    case 5:
      return is(https_scheme) ? &https_scheme : nullptr;
    case 4:
      return is(http_scheme) ? &http_scheme : is(file_scheme) ? &file_scheme : nullptr;
    case 3:
      return is(wss_scheme) ? &wss_scheme : is(ftp_scheme) ? &ftp_scheme : nullptr;
    case 2:
      return is(ws_scheme) ? &ws_scheme : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace hocket::detail
