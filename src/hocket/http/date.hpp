#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

/// The time as `Last-Modified`, `Date` and their kin carry it: `Sun, 06 Nov 1994 08:49:37 GMT`, always 29 characters.
/// Times outside the years 0 to 9999 become the nearest that can be written.
/// Source: RFC 9110, 5.6.7 (IMF-fixdate).
[[nodiscard]] std::string format_date(std::chrono::sys_seconds time);

/// Reads a date in any of the three formats that a recipient must know; nothing if it is none of them.
///
/// `now` settles the century of the two-digit years of RFC 850: the date is in the century of `now`, or in the one
/// before if it would otherwise lie more than 50 years ahead. The name of the day must be one, but need not be that
/// date's. A leap second counts as the first second of the next minute.
/// Source: RFC 9110, 5.6.7.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(std::string_view text, std::chrono::sys_seconds now);

}  // namespace hocket::http
