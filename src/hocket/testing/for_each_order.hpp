#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <hocket/core/run.hpp>
#include <hocket/testing/scenario.hpp>

namespace hocket::testing {

/// Runs `body` with the seeds 1 to `seeds`, each time on a new loop with a virtual clock, on which what is ready in a turn runs
/// in an order drawn at random (`run_options::shuffle`): whatever leans on an order by accident fails sooner or later.
///
/// Throws hocket::error if a run throws, is stuck or leaves anything behind (nested; the message names the seed). With
/// HOCKET_TEST_SEED in the environment only that seed is run. Counterpart: trio's randomised scheduling in tests.
void for_each_order(scenario body, std::size_t seeds = 100, run_options options = {});

/// The seed in HOCKET_TEST_SEED, if it is set to a number.
[[nodiscard]] std::optional<std::uint64_t> seed_from_environment();

}  // namespace hocket::testing
