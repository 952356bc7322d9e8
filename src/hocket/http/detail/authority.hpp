#pragma once

#include <string_view>

namespace hocket::http::detail {

/// A host and perhaps a port (RFC 3986, 3.2.2), or nothing. Names with a comma, which the grammar has, are two fields that somebody has joined.
[[nodiscard]] bool is_authority(std::string_view text);

}  // namespace hocket::http::detail
