#pragma once

#include <string_view>

#include <hocket/http/headers.hpp>

// What holds for a request in every version of HTTP.

namespace hocket::http::detail {

/// The four forms of a target, each for the methods that have it (RFC 9112, 3.2). Throws `bad_message` of any other.
void check_target(std::string_view method, std::string_view target);

/// Whether the client waits for 100 (Continue). What else it may expect nobody can promise: throws `bad_message`, 417 (RFC 9110, 10.1.1).
[[nodiscard]] bool wants_continue(const headers& fields);

}  // namespace hocket::http::detail
