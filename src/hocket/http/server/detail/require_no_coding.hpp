#pragma once

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/request.hpp>

namespace hocket::http::detail {

/// For those who read a body as it came. Throws `http_error` 415, with what is taken instead (RFC 9110, 12.5.3).
inline void require_no_coding(const request& asked) {
  const auto coding = asked.headers().get("Content-Encoding");
  if (coding && !equal_ignoring_case(*coding, "identity"))
    throw http_error(415, "the request's body has a content coding", {{"Accept-Encoding", "identity"}});
}

}  // namespace hocket::http::detail
