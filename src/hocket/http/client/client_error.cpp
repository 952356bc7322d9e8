#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/status.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::http {

status_error::status_error(int status)
    : client_error(fmt::format("{} {}", status, reason_phrase(status))), status_(status) {}

downgrade_refused::downgrade_refused(const url& from, const url& to)
    : client_error(
          fmt::format("redirected from {} to {}, which would give TLS up", without_user(from), without_user(to))) {}

}  // namespace hocket::http
