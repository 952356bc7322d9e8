#include <system_error>

#include <netdb.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::http::detail {

bool is_idempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE" || method == "PUT" ||
         method == "DELETE";
}

// What a resolver means by errors of its own, it says by their conditions (see `resolver`).
static bool is_of_network(const std::error_code& failed) noexcept {
  using enum std::errc;
  if (failed.category() == resolve_category()) return failed.value() == EAI_AGAIN;
  for (const std::errc each : {address_not_available, broken_pipe, connection_aborted, connection_refused,
                               connection_reset, host_unreachable, network_down, network_reset, network_unreachable,
                               no_buffer_space, not_connected, resource_unavailable_try_again, timed_out})
    if (failed == each) return true;
  return false;
}

bool is_passing(const std::exception_ptr& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (const tls_error& problem) {  // a certificate is no better the next time
    return problem.code() == tls_errc::closed_in_handshake || problem.code() == tls_errc::truncated;
  } catch (const std::system_error& problem) {
    return is_of_network(problem.code());
  } catch (const server_disconnected&) {
    return true;
  } catch (const timeout_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace hocket::http::detail
