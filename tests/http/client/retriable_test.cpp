#include <exception>
#include <new>
#include <system_error>

#include <gtest/gtest.h>
#include <netdb.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/retriable.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/tls/tls_error.hpp>

namespace {

using hocket::tls_errc;
using hocket::tls_error;
using hocket::http::detail::is_idempotent;
using hocket::http::detail::is_passing;

template <class Failure>
bool passes(const Failure& failure) {
  return is_passing(std::make_exception_ptr(failure));
}

TEST(retriable, is_what_may_be_otherwise_the_next_time) {
  EXPECT_TRUE(passes(std::system_error(std::make_error_code(std::errc::connection_refused))));
  EXPECT_TRUE(passes(std::system_error(std::make_error_code(std::errc::too_many_files_open))));
  EXPECT_TRUE(passes(std::system_error(EAI_AGAIN, hocket::resolve_category())));
  EXPECT_TRUE(passes(hocket::http::server_disconnected("gone")));
  EXPECT_TRUE(passes(hocket::timeout_error()));
  EXPECT_TRUE(passes(tls_error(tls_errc::closed_in_handshake, "gone")));
  EXPECT_TRUE(passes(tls_error(tls_errc::truncated, "gone")));
}

TEST(retriable, is_not_what_stays_as_it_is) {
  EXPECT_FALSE(passes(tls_error(tls_errc::certificate_expired, "expired")));
  EXPECT_FALSE(passes(tls_error(tls_errc::certificate_unknown_authority, "unknown")));
  EXPECT_FALSE(passes(std::system_error(EAI_NONAME, hocket::resolve_category())));
  EXPECT_FALSE(passes(std::system_error(std::make_error_code(std::errc::permission_denied))));
  EXPECT_FALSE(passes(hocket::protocol_error("nonsense")));
  EXPECT_FALSE(passes(hocket::http::address_refused("private")));
  EXPECT_FALSE(passes(hocket::http::proxy_error("refuses")));
  EXPECT_FALSE(passes(std::bad_alloc()));
}

TEST(retriable, are_methods_that_do_no_more_when_they_are_called_twice) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
    EXPECT_TRUE(is_idempotent(method)) << method;
  for (const char* method : {"POST", "PATCH", "get", "", "CONNECT"}) EXPECT_FALSE(is_idempotent(method)) << method;
}

}  // namespace
