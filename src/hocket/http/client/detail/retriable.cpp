#include <algorithm>
#include <array>
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

bool is_passing(const std::error_code& failure) noexcept {
  using enum std::errc;
  if (failure.category() == resolve_category()) return failure.value() == EAI_AGAIN;
  if (failure == tls_errc::closed_in_handshake || failure == tls_errc::truncated) return true;
  constexpr std::array passing{address_not_available,
                               broken_pipe,
                               connection_aborted,
                               connection_refused,
                               connection_reset,
                               host_unreachable,
                               network_down,
                               network_reset,
                               network_unreachable,
                               no_buffer_space,
                               not_connected,
                               not_enough_memory,
                               resource_unavailable_try_again,
                               timed_out,
                               too_many_files_open,
                               too_many_files_open_in_system};
  return std::ranges::any_of(passing, [&](std::errc each) { return failure == each; });
}

bool is_passing(const std::exception_ptr& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (const std::system_error& problem) {
    return is_passing(problem.code());
  } catch (const server_disconnected&) {
    return true;
  } catch (const timeout_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace hocket::http::detail
