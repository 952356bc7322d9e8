#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace hocket {

/// Where a loop takes its random numbers from: xoshiro256** (Blackman and Vigna, https://prng.di.unimi.it), so that one seed
/// gives one sequence on every machine. A standard uniform random bit generator. Not for secrets.
class random_source {
 public:
  using result_type = std::uint64_t;

  explicit random_source(std::uint64_t seed) noexcept : seed_(seed) {
    for (std::uint64_t& word : state_) word = mixed(seed += 0x9e3779b97f4a7c15);  // SplitMix64, as its authors advise
  }

  /// A seed that nobody can foresee, from getrandom(2). Throws std::system_error.
  [[nodiscard]] static std::uint64_t unforeseeable_seed();

  /// What it was made with: another one made with it gives the same numbers.
  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

  [[nodiscard]] static constexpr result_type min() noexcept { return 0; }
  [[nodiscard]] static constexpr result_type max() noexcept { return UINT64_MAX; }

  result_type operator()() noexcept {
    const std::uint64_t drawn = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return drawn;
  }

 private:
  [[nodiscard]] static constexpr std::uint64_t mixed(std::uint64_t word) noexcept {
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
  }

  std::uint64_t seed_;
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace hocket
