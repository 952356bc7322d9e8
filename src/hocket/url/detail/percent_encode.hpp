#pragma once

#include <string>
#include <string_view>

#include <hocket/url/detail/byte_set.hpp>

namespace hocket::detail {

/// Appends `text` to `out`, each byte of `encoded` as `%` and two upper-case hex digits.
void append_percent_encoded(std::string& out, std::string_view text, const byte_set& encoded);

}  // namespace hocket::detail
