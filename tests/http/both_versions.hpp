#pragma once

#include <string>
#include <utility>

#include <hocket/http/client/session_options.hpp>
#include <hocket/http/server/server.hpp>

// For tests of what HTTP/1.1 and HTTP/2 have in common: a server of both, and sessions of one.

namespace hocket::testing {

enum class http_version { one, two };
inline constexpr auto both_versions = {http_version::one, http_version::two};

/// Clients may begin with either.
inline http::server_options speaking_both(http::server_options options = {}) {
  options.http2.prior_knowledge = true;
  return options;
}

inline http::session_options speaking_only(http_version version, http::session_options options = {}) {
  options.http2.prior_knowledge = version == http_version::two;
  return options;
}

inline const char* name_of(http_version version) { return version == http_version::two ? "HTTP/2.0" : "HTTP/1.1"; }

}  // namespace hocket::testing
