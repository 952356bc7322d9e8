#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/detail/spread_urls.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/text_set.hpp>
#include <hocket/sync/event.hpp>

namespace hocket::crawl::detail {

/// The frontier of one loop of several: it gives the URLs of this loop's hosts, which are judged here, and sends the others to their loops.
class spread_frontier final : public frontier, public std::enable_shared_from_this<spread_frontier> {
 public:
  /// On the loop of that number.
  static std::shared_ptr<spread_frontier> make(std::shared_ptr<spread_urls> urls, std::size_t loop);

  void supply(crawl_intake to) override { intake_ = std::move(to); }
  [[nodiscard]] coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) override;
  [[nodiscard]] coro<std::vector<target>> finish(const finished_page& done, const judge& decide) override;
  [[nodiscard]] coro<bool> claim(std::string href) override;
  void pass_over(std::string_view href, std::string_view reason) override;
  [[nodiscard]] bool is_elsewhere(const url& place) const noexcept override { return urls_->owner_of(place) != loop_; }
  void hand_over(target begun) override;
  [[nodiscard]] bool may_begin(const target& next) override;
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override;
  void host_came_back() override {
    urls_->stir(loop_);
    changed_.set();
  }
  [[nodiscard]] coro<std::vector<target>> more() override;
  [[nodiscard]] bool may_have_more() const noexcept override { return !urls_->is_over(); }
  [[nodiscard]] std::size_t seen() const noexcept override { return urls_->seen(); }
  [[nodiscard]] std::uint64_t kept() const noexcept override { return deeper_.size(); }

 private:
  spread_frontier(std::shared_ptr<spread_urls> urls, std::size_t loop, std::uint64_t seed)
      : urls_(std::move(urls)), loop_(loop), passed_over_(seed) {}

  void add(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh);
  void judge_new(const url& found, unsigned depth, const judge& decide, std::vector<target>& fresh);
  void pass_over(const url& found, std::string_view reason);
  void take_arrived(std::vector<target>& fresh);
  void take_level(std::vector<target>& fresh);
  void take_refused(std::vector<target>& fresh);
  void woken();

  std::shared_ptr<spread_urls> urls_;
  const std::size_t loop_;
  crawl_intake intake_{};
  bool has_begun_ = false;
  bool has_ended_ = false;
  bool is_waiting_ = false;  // in `more`
  event changed_;
  std::vector<target> deeper_;   // than the level
  std::vector<target> refused_;  // beyond the pages that may be fetched
  text_set passed_over_;
  std::vector<std::string_view> reasons_;  // for these, by their numbers
};

}  // namespace hocket::crawl::detail
