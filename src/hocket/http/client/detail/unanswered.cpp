#include <hocket/http/client/detail/unanswered.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::http::detail {

bool is_end(const std::error_code& code) noexcept {
  return code == std::errc::broken_pipe || code == std::errc::connection_reset || code == tls_errc::truncated;
}

}  // namespace hocket::http::detail
