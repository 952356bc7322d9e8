#pragma once

#include <hocket/testing/test.hpp>
#include <hocket/tls/tls_context.hpp>

/// A test in real time whose body, with the parameter `version`, is run for TLS 1.2 and for 1.3.
#define HOCKET_TEST_OF_EACH_TLS_VERSION(suite, name)                                                                   \
  static ::hocket::coro<void> suite##_##name##_with(::hocket::tls_version version);                                    \
  HOCKET_REAL_TIME_TEST(suite, name##_over_tls_1_2) { co_await suite##_##name##_with(::hocket::tls_version::tls1_2); } \
  HOCKET_REAL_TIME_TEST(suite, name##_over_tls_1_3) { co_await suite##_##name##_with(::hocket::tls_version::tls1_3); } \
  static ::hocket::coro<void> suite##_##name##_with(::hocket::tls_version version)
