#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/seen_urls.hpp>
#include <hocket/crawl/text_set.hpp>

namespace hocket::crawl {

/// A frontier in memory, which ends with the process. Never suspends. Of URLs that were seen it keeps a digest: see `seen_urls`. Those that
/// were passed over it keeps whole, to tell of them in the end.
class memory_frontier final : public frontier {
 public:
  /// `seed`: nobody outside knows it, so that nobody can make two URLs that are taken for one.
  explicit memory_frontier(std::uint64_t seed = 0) : seen_(seed), passed_over_(seed) {}

  [[nodiscard]] coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) override;
  [[nodiscard]] coro<std::vector<target>> finish(const finished_page& done, const judge& decide) override;
  [[nodiscard]] coro<bool> claim(std::string href) override;
  void pass_over(std::string_view href, std::string_view reason) override;
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override;
  [[nodiscard]] std::size_t seen() const noexcept override { return seen_.size(); }

 private:
  void add(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh);
  static void judge_new(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh);

  seen_urls seen_;
  text_set passed_over_;
  std::vector<std::string_view> reasons_;  // for these, by their numbers
};

}  // namespace hocket::crawl
