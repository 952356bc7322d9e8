#pragma once

#include <hocket/base/function.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http {

/// Told of an interim answer: 100 (Continue), 103 (Early Hints), and others below 200 but 101. Called on the loop, in passing: it may start tasks, but not
/// use what it is told of afterwards. What it throws ends the request. Source: RFC 9110, 15.2; RFC 8297.
using interim_hook = function<void(int status, const headers& fields)>;

}  // namespace hocket::http
