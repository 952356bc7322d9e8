#pragma once

#include <optional>

#include <hocket/http/client/request_message.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// Whether an answer with a Location leads there. 300 leaves the choice to people, and 304 is no answer of its own. Source: RFC 9110, 15.4.
[[nodiscard]] bool is_redirect(int status) noexcept;

/// Where an answer leads; nothing if it is no redirect, or has no Location and is then the answer. A fragment that Location lacks is that of
/// `from`. Throws `client_error` if Location is no URL. Source: RFC 9110, 10.2.2.
[[nodiscard]] std::optional<url> redirect_of(int status, const headers& fields, const url& from);

/// Makes of a request the one that follows a redirect to `to`: another method where the status wants that, and then no body; to another
/// origin no credentials. Throws `body_not_repeatable`. Source: RFC 9110, 15.4.
void follow(request_message& asked, int status, url to);

}  // namespace hocket::http::detail
