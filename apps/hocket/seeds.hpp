#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <hocket/url/url.hpp>

namespace hocket::app {

/// The http(s) URL that `text` is. Throws `failure` (wrong usage) that begins with `where`.
[[nodiscard]] url parse_seed(std::string_view text, const std::string& where);

/// The URLs in a file, one a line; empty lines and those that begin with # are passed over. Throws `failure` that names the
/// file, and the line of a URL that is none.
[[nodiscard]] std::vector<url> read_seeds(const std::string& path);

}  // namespace hocket::app
