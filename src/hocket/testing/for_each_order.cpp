#include <charconv>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include <hocket/testing/detail/trial.hpp>
#include <hocket/testing/for_each_order.hpp>

namespace hocket::testing {
namespace {

void run_in_order(scenario& body, std::uint64_t seed, run_options options) {
  options.seed = seed;
  options.shuffle = true;
  detail::interference none;
  try {
    const detail::outcome seen = detail::try_once(body, options, none);
    if (seen.error) std::rethrow_exception(seen.error);
    if (!seen.left.none()) throw error(seen.left.to_string() + " left behind");
  } catch (...) {
    detail::rethrow_with(fmt::format("seed {} (HOCKET_TEST_SEED={} runs it alone)", seed, seed),
                         std::current_exception());
  }
}

}  // namespace

std::optional<std::uint64_t> seed_from_environment() {
  const char* given = std::getenv("HOCKET_TEST_SEED");
  if (given == nullptr) return std::nullopt;
  const std::string_view text(given);
  std::uint64_t seed = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return seed;
}

void for_each_order(scenario body, std::size_t seeds, run_options options) {
  if (const auto only = seed_from_environment()) return run_in_order(body, *only, options);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) run_in_order(body, seed, options);
}

}  // namespace hocket::testing
