#include <system_error>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::http::detail {

bool is_idempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE" || method == "PUT" ||
         method == "DELETE";
}

bool is_passing(const std::exception_ptr& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (const tls_error& problem) {  // a certificate is no better the next time
    return problem.code() == tls_errc::closed_in_handshake || problem.code() == tls_errc::truncated;
  } catch (const std::system_error&) {
    return true;
  } catch (const server_disconnected&) {
    return true;
  } catch (const timeout_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace hocket::http::detail
