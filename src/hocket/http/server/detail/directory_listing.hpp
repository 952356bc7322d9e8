#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <hocket/loop/system_calls.hpp>

namespace hocket::http::detail {

/// Names of the entries, sorted, directories with a slash, without those that no request can ask for.
[[nodiscard]] std::vector<std::string> listed_names(const std::vector<directory_entry>& entries);

/// The page that shows them; `path` is that of their directory below the root, with a slash at its end, or empty.
[[nodiscard]] std::string listing_page(std::string_view path, const std::vector<std::string>& names);

}  // namespace hocket::http::detail
