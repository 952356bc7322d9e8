#pragma once

#include <peers/peer_process.hpp>

#include <hocket/core/timeout.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/tls/tls_context.hpp>

/// A test in real time that is cancelled if it takes too long, so that a peer which does not answer is no reason to wait for ever.
#define HOCKET_PEER_TEST(suite, name)                                                           \
  static ::hocket::coro<void> suite##_##name##_unlimited();                                     \
  HOCKET_REAL_TIME_TEST(suite, name) {                                                          \
    co_await ::hocket::wait_for(suite##_##name##_unlimited(), 2 * ::hocket::testing::patience); \
  }                                                                                             \
  static ::hocket::coro<void> suite##_##name##_unlimited()

/// The same, once with TLS 1.2 and once with 1.3: its body has the parameter `version`.
#define HOCKET_PEER_TEST_OF_EACH_TLS_VERSION(suite, name)                                                         \
  static ::hocket::coro<void> suite##_##name##_with(::hocket::tls_version version);                               \
  HOCKET_PEER_TEST(suite, name##_over_tls_1_2) { co_await suite##_##name##_with(::hocket::tls_version::tls1_2); } \
  HOCKET_PEER_TEST(suite, name##_over_tls_1_3) { co_await suite##_##name##_with(::hocket::tls_version::tls1_3); } \
  static ::hocket::coro<void> suite##_##name##_with(::hocket::tls_version version)
