#pragma once

#include <string>
#include <string_view>

namespace hocket {

/// Appends `text` as a JSON string; what is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& to, std::string_view text);

}  // namespace hocket
