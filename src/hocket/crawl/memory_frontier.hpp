#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/text_set.hpp>

namespace hocket::crawl {

/// A frontier in memory, which ends with the process. Never suspends.
class memory_frontier final : public frontier {
 public:
  /// `seed`: see `text_set`.
  explicit memory_frontier(std::uint64_t seed = 0) : seen_(seed), passed_over_(0, seeded_text_hash{seed}) {}

  [[nodiscard]] coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) override;
  [[nodiscard]] coro<std::vector<target>> finish(const finished_page& done, const judge& decide) override;
  [[nodiscard]] coro<bool> claim(std::string href) override;
  void pass_over(std::string_view href, std::string_view reason) override;
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override;
  [[nodiscard]] std::size_t seen() const noexcept override { return seen_.size(); }

 private:
  void add(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh);

  text_set seen_;
  std::unordered_map<std::string, std::string_view, seeded_text_hash, std::equal_to<>> passed_over_;  // with the reason
};

}  // namespace hocket::crawl
