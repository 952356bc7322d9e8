#pragma once

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include <hocket/core/run_loops.hpp>
#include <hocket/testing/every_backend.hpp>

namespace hocket::testing {

/// Tests of several loops, in real time, on each backend.
class several_loops : public ::testing::TestWithParam<backend_kind> {
 protected:
  void SetUp() override {
    if (GetParam() == backend_kind::io_uring && std::getenv("HOCKET_REQUIRE_IO_URING") == nullptr && !io_uring_works())
      GTEST_SKIP() << "NOT TESTED on io_uring: this system forbids it";
  }

  [[nodiscard]] static run_loops_options here() { return {.each = {.backend = GetParam()}}; }
};

}  // namespace hocket::testing

#define HOCKET_ON_EACH_BACKEND(suite)                                                                         \
  INSTANTIATE_TEST_SUITE_P(on, suite,                                                                         \
                           ::testing::Values(::hocket::backend_kind::epoll, ::hocket::backend_kind::io_uring, \
                                             ::hocket::backend_kind::poll, ::hocket::backend_kind::select),   \
                           [](const auto& each) { return std::string(::hocket::testing::name_of(each.param)); })
