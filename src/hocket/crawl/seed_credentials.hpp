#pragma once

#include <vector>

#include <hocket/http/client/middleware.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// Shows user and password that stand in URLs (Basic) to the origins of these, whatever is asked for there, and to no others, unless a request says it itself; of two that
/// say who one is at an origin the first counts. So the URLs themselves, which are written down, need not have them. Throws
/// `hocket::error` if they cannot stand in a field. Source: RFC 7617.
[[nodiscard]] http::client_middleware show_credentials_of(const std::vector<url>& seeds);

}  // namespace hocket::crawl
