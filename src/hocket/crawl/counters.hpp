#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket::crawl {

/// How often each of many things was met, by digests of what they are called, in bounded memory. Where there are more of them than it
/// remembers, one that was met least gives way to a new one, of these the one that was not met for longest; it counts from the beginning when it
/// is met again. So no count is ever too high, and those of what is met again and again are exact, nearly always.
class counters {
 public:
  using teller = std::function<void(std::uint64_t name, std::uint64_t count)>;

  static constexpr std::size_t usual_bytes = std::size_t{8} << 20;  // for half a million things

  /// `seed`: nobody outside knows it, so that nobody can make two things that are counted as one. `most_bytes`: a power of two.
  explicit counters(std::uint64_t seed = 0, std::size_t most_bytes = usual_bytes);

  /// Counts one more, and gives how many there were with it. What is of another kind has another count.
  std::uint64_t add(char kind, std::string_view text);
  /// The same of what has a digest already, made with `seed`.
  std::uint64_t add(std::uint64_t digest);

  /// Is told of each change.
  void tell(teller changed) { changed_ = std::move(changed); }
  /// Takes back what was told.
  void restore(std::uint64_t name, std::uint64_t count) { entry_of(name).count = count; }

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
  /// Memory that it has, in bytes.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return sets_.size() * sizeof(set); }

 private:
  struct entry {
    std::uint64_t name = 0;
    std::uint64_t count = 0;  // 0: free, and so are those behind it
  };
  using set = std::array<entry, 8>;  // what was met last is the first

  [[nodiscard]] entry& entry_of(std::uint64_t name);
  [[nodiscard]] set& set_of(std::uint64_t name) noexcept { return sets_[name & (sets_.size() - 1)]; }
  void widen();

  std::uint64_t seed_;
  std::vector<set> sets_;  // a power of two of them
  std::size_t most_sets_;
  teller changed_;
};

}  // namespace hocket::crawl
