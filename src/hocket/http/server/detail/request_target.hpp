#pragma once

#include <string>
#include <string_view>

namespace hocket::http::detail {

struct request_target {
  std::string_view target;  ///< path and query, "*", or of CONNECT "host:port"
  std::string_view host;
};

/// What a well-formed target means, with what the field Host says: one in absolute form, "http://host/path", has a host of its own, which
/// counts instead. `made` keeps a target that stands nowhere as such: "/?query" of "http://host?query".
/// Source: RFC 9112, 3.2.
[[nodiscard]] request_target split_target(std::string_view sent, std::string_view host_field, std::string& made);

}  // namespace hocket::http::detail
