#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <hocket/base/attributes.hpp>
#include <hocket/http/server/handler.hpp>

namespace hocket::http {

/// Several sites on one server, chosen by the host that a request is for; a handler itself.
///
///     virtual_hosts sites;
///     sites.add("example.org", std::move(main_site));
///     sites.add("*.example.org", std::move(others));
///
/// Hosts are compared without case, port and a final dot. "*." stands for one label or more; the longest that fits counts, and a host as
/// it is written before any. Where none fits, `otherwise` answers, or else 421 (misdirected request), which also keeps out
/// who points a name of theirs at the server (DNS rebinding). Source: RFC 9110, 7.4.
class virtual_hosts {
 public:
  /// Throws `hocket::error` if the host is empty, has a port or a "*" elsewhere, or is there already.
  void add(std::string_view host, handler answer);
  void otherwise(handler answer) { otherwise_ = std::move(answer); }

  /// Answers a request. Throws `http_error` 421, and what handlers throw.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<reply> operator()(request& asked);

 private:
  [[nodiscard]] handler* find(std::string_view host);

  std::map<std::string, handler, std::less<>> hosts_;      // in lower case
  std::map<std::string, handler, std::less<>> wildcards_;  // what follows the star
  handler otherwise_;
};

}  // namespace hocket::http
