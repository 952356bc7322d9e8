#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/digest_set.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/text_set.hpp>

namespace hocket::crawl {

/// A frontier in memory, which ends with the process. Never suspends. Of URLs that were seen it keeps a digest: see `digest_set`. Those that
/// were passed over it keeps whole, to tell of them in the end.
class memory_frontier final : public frontier {
 public:
  /// `seed`: nobody outside knows it, so that nobody can make two URLs that are taken for one.
  explicit memory_frontier(std::uint64_t seed = 0) : seed_(seed), passed_over_(seed) {}

  [[nodiscard]] coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) override;
  [[nodiscard]] coro<std::vector<target>> finish(const finished_page& done, const judge& decide) override;
  [[nodiscard]] coro<bool> claim(std::string href) override;
  void pass_over(std::string_view href, std::string_view reason) override;
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override;
  [[nodiscard]] std::size_t seen() const noexcept override { return seen_.size(); }

 private:
  /// A URL that a page under way is redirected to, or was.
  struct claim_state {
    bool is_held = true;                  // false: the page has not fetched it; it counts as new
    std::optional<unsigned> linked_at{};  // the depth at which it was found meanwhile
  };

  void add(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh);
  void release(const std::string& href, const judge& decide, std::vector<target>& fresh);
  [[nodiscard]] bool is_anew(std::uint64_t digest, unsigned depth);
  static void judge_new(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh);

  [[nodiscard]] std::uint64_t digest_of(std::string_view href) const noexcept { return wide_text_hash(href, seed_); }

  std::uint64_t seed_;
  digest_set seen_;
  std::unordered_map<std::uint64_t, claim_state> claims_;  // by digests of `seen_`
  text_set passed_over_;
  std::vector<std::string_view> reasons_;  // for these, by their numbers
};

}  // namespace hocket::crawl
