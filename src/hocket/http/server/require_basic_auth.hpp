#pragma once

#include <map>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/server/authenticated_user.hpp>
#include <hocket/http/server/router.hpp>

namespace hocket::http {

/// Whether somebody may come in. What it throws goes on.
using basic_auth_check = function<coro<bool>(const basic_credentials&)>;

/// Lets in only who brings a user and a password that `check` finds right; handlers and logs see `authenticated_user`. Others get 401
/// (`http_error`), upon which browsers ask for them. For https: the password can be read on the way, at each request. Throws
/// `hocket::error` of a realm with a control character. Source: RFC 7617. Counterpart: aiohttp_basicauth.
[[nodiscard]] middleware require_basic_auth(std::string realm, basic_auth_check check);

/// The same for these users and passwords. How long a comparison takes tells nothing of either.
[[nodiscard]] middleware require_basic_auth(std::string realm, std::map<std::string, std::string> passwords);

}  // namespace hocket::http
