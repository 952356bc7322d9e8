#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace hocket::http {

/// The date of an `Expires` attribute, which is read more forgivingly than any other: a time, a day, a month and a year
/// in whatever order, between whatever else. Nothing if one of them is missing, there is no such date, or it is before
/// 1601.
/// Source: RFC 6265bis, 5.1.1.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_cookie_date(std::string_view text);

}  // namespace hocket::http
