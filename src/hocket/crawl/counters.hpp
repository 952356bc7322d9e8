#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace hocket::crawl {

/// How often each of many things was met, by digests of what they are called.
class counters {
 public:
  using teller = std::function<void(std::uint64_t name, std::uint64_t count)>;

  /// `seed`: nobody outside knows it, so that nobody can make two things that are counted as one.
  explicit counters(std::uint64_t seed = 0) noexcept : seed_(seed) {}

  /// Counts one more, and gives how many there were with it. What is of another kind has another count.
  std::uint64_t add(char kind, std::string_view text);
  /// The same of what has a digest already, made with `seed`.
  std::uint64_t add(std::uint64_t digest);

  /// Is told of each change.
  void tell(teller changed) { changed_ = std::move(changed); }
  /// Takes back what was told.
  void restore(std::uint64_t name, std::uint64_t count) { counts_[name] = count; }

  [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

 private:
  std::uint64_t seed_;
  std::unordered_map<std::uint64_t, std::uint64_t> counts_;
  teller changed_;
};

}  // namespace hocket::crawl
