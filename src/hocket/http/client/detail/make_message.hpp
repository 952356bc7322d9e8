#pragma once

#include <string>

#include <hocket/http/client/request_message.hpp>
#include <hocket/http/client/request_options.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// What a call of the session asks for; takes the contents out of the options. Throws `client_error` if that cannot be asked.
[[nodiscard]] request_message make_message(std::string method, url target, request_options& options);

}  // namespace hocket::http::detail
