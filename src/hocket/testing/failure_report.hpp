#pragma once

#include <cstddef>

#include <hocket/testing/leak_check.hpp>

namespace hocket::testing {

/// What came of `fail_each_allocation` or `fail_each_operation`, over all runs.
struct failure_report : leftovers {
  std::size_t runs = 0;    // the last one was undisturbed
  std::size_t failed = 0;  // runs that ended with an exception; the others coped
};

}  // namespace hocket::testing
