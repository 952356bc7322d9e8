#pragma once

#include <string>
#include <string_view>

#include <hocket/http/client/text_options.hpp>

namespace hocket::http::detail {

/// The text of a body, in UTF-8 without a byte order mark; `charset` is what its Content-Type says. What is UTF-8 already is not copied.
/// Throws `text_decoding_error` if it is to be strict, and `hocket::error` as `text_decoder` does.
[[nodiscard]] std::string text_of(std::string body, std::string_view charset, const text_options& how);

}  // namespace hocket::http::detail
