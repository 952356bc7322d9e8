#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <crawl/crawled_site.hpp>
#include <fmt/format.h>
#include <http/scripted_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/memory_frontier.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::time_point;
using hocket::url;
using hocket::crawl::finished_page;
using hocket::crawl::target;
using hocket::testing::answering;
using hocket::testing::crawled;
using hocket::testing::from;
using hocket::testing::response_text;
using hocket::testing::scripted_server;
using hocket::testing::target_of;

namespace {

using list = std::vector<std::string>;

hocket::duration now() { return hocket::loop::running().time().time_since_epoch(); }

/// A frontier in memory that takes back what waits for hosts that rest, and takes a while to give it.
class keeping_frontier final : public hocket::crawl::frontier {
 public:
  using targets = std::vector<target>;

  [[nodiscard]] coro<targets> begin(std::span<const url> seeds, const judge& decide) override {
    co_return co_await inner_.begin(seeds, decide);
  }
  [[nodiscard]] coro<targets> finish(const finished_page& done, const judge& decide) override {
    co_return co_await inner_.finish(done, decide);
  }
  [[nodiscard]] coro<bool> claim(std::string href) override { co_return co_await inner_.claim(std::move(href)); }
  void pass_over(std::string_view href, std::string_view reason) override { inner_.pass_over(href, reason); }
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override {
    co_await inner_.visit_passed_over(std::move(visit));
  }
  [[nodiscard]] bool takes_back() const noexcept override { return true; }
  void set_aside(const url& host, time_point until) override { aside_[std::string(host.host_with_port())] = until; }
  void take_back(const target& waiting) override {
    if (waiting.is_new()) kept_.push_back(waiting);
  }
  [[nodiscard]] coro<targets> more_of_rested() override { co_return co_await more(); }
  [[nodiscard]] coro<targets> more() override {
    targets given;
    const time_point asked_at = hocket::loop::running().time();
    std::erase_if(kept_, [&](const target& each) {
      const bool has_rested = aside_[std::string(each.url.host_with_port())] <= asked_at;
      if (has_rested) given.push_back(each);
      return has_rested;
    });
    co_await hocket::sleep(1s);
    co_return given;
  }
  [[nodiscard]] std::size_t seen() const noexcept override { return inner_.seen(); }
  [[nodiscard]] std::uint64_t kept() const noexcept override { return kept_.size(); }

 private:
  hocket::crawl::memory_frontier inner_;
  std::map<std::string, time_point> aside_;
  targets kept_;
};

/// Links to /0, /1, ...
std::string with_links(int count) {
  std::string body;
  for (int n = 0; n < count; ++n) body += fmt::format("<a href=/{}>", n);
  return response_text(200, body, "Content-Type: text/html\r\n");
}

/// Wants rest for so long when it is asked for the first page that / links to; then it answers.
scripted_server::script wanting_rest_once(int seconds, std::map<std::string, hocket::duration>& asked_at) {
  return answering([seconds, &asked_at](const std::string& request) {
    const bool is_first = asked_at.size() == 1;
    const std::string what = target_of(request);
    asked_at.try_emplace(what, now());
    if (what == "/") return with_links(4);
    return is_first ? response_text(503, "", fmt::format("Retry-After: {}\r\n", seconds)) : with_links(0);
  });
}

coro<crawled> crawl_with(std::shared_ptr<hocket::crawl::frontier> keeping, hocket::crawl::crawl_options options,
                         hocket::crawl::crawl_hooks hooks = {}) {
  const hocket::testing::temporary_directory folder;
  crawled result;
  auto out = co_await hocket::crawl::output::open(folder.path());
  hocket::crawl::crawler work(std::move(options), out, std::move(hooks), {.frontier = std::move(keeping)});
  co_await work.run();
  read_directory(folder.path(), result);
  co_return result;
}

HOCKET_TEST(resting_hosts, come_back_by_time_though_no_page_ends) {
  std::map<std::string, hocket::duration> asked_at;
  scripted_server resting(wanting_rest_once(120, asked_at));
  scripted_server slow([](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
    static_cast<void>(co_await hocket::testing::read_request(peer));
    co_await hocket::sleep(10min);
    co_await peer.send_all(with_links(0));
  });
  const auto begin = now();
  const crawled found = co_await crawl_with(std::make_shared<keeping_frontier>(),
                                            from({resting.url(), slow.url()}, {.per_host = 1, .timeout = 1h}));
  EXPECT_EQ(found.pages.size(), 6U);
  EXPECT_EQ(asked_at.at("/3") - begin, 121s);
  EXPECT_EQ(found.summary["skipped"], nlohmann::json::object());
}

// What has come back is asked for while the last page ends.
HOCKET_TEST(resting_hosts, come_back_when_the_last_page_ends_at_that_moment) {
  for (const auto slowness : {119s, 120s, 121s, 122s}) {
    std::map<std::string, hocket::duration> asked_at;
    scripted_server resting(wanting_rest_once(120, asked_at));
    scripted_server slow([slowness](hocket::tcp_socket& peer, std::size_t) -> coro<void> {
      static_cast<void>(co_await hocket::testing::read_request(peer));
      co_await hocket::sleep(slowness);
      co_await peer.send_all(with_links(0));
    });
    const crawled found = co_await crawl_with(std::make_shared<keeping_frontier>(),
                                              from({resting.url(), slow.url()}, {.per_host = 1, .timeout = 1h}));
    const std::size_t came_back = slowness < 120s ? 0 : 3;
    EXPECT_EQ(found.pages.size(), 3 + came_back) << slowness.count();
    if (came_back == 0) EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"host_rests", 3}}));
  }
}

HOCKET_TEST(resting_hosts, what_waits_for_them_counts_as_queued_wherever_it_is_kept) {
  for (const bool is_kept : {false, true}) {
    std::map<std::string, hocket::duration> asked_at;
    scripted_server resting(wanting_rest_once(3600, asked_at));
    const auto keeping = is_kept ? std::make_shared<keeping_frontier>() : nullptr;
    const hocket::testing::temporary_directory folder;
    auto out = co_await hocket::crawl::output::open(folder.path());
    std::vector<std::size_t> queued;
    const hocket::crawl::crawler* watched = nullptr;
    hocket::crawl::crawl_hooks hooks;
    hooks.on_page = [&](const auto&) { queued.push_back(watched->progress().queued); };
    hocket::crawl::crawler work(from({resting.url()}, {.per_host = 1}), out, std::move(hooks), {.frontier = keeping});
    watched = &work;
    co_await work.run();
    EXPECT_EQ(queued, (std::vector<std::size_t>{0, 3}));
  }
}

// So many that not all may wait with what they have come to.
HOCKET_TEST(resting_hosts, pages_that_lead_to_them_wait_there_by_their_urls_if_they_are_many) {
  constexpr int pages = hocket::crawl::scheduler::most_redirected + 20;
  for (const bool is_kept : {false, true}) {
    scripted_server resting(
        answering([](const std::string&) { return response_text(429, "", "Retry-After: 3600\r\n"); }));
    scripted_server leading(answering([&](const std::string& request) {
      const std::string what = target_of(request);
      return what == "/" ? with_links(pages) : hocket::testing::redirect_to(resting.url(what));
    }));
    const auto keeping = is_kept ? std::make_shared<keeping_frontier>() : nullptr;
    const crawled found =
        co_await crawl_with(keeping, from({resting.url(), leading.url()}, {.per_host = 1, .retries = 0}));
    const auto ended = std::ranges::count_if(found.pages, [&](const auto& each) {
      return each.second["status"] == 302 &&
             each.second["final_url"].template get<std::string>().starts_with(resting.url());
    });
    EXPECT_EQ(ended, 20);
    EXPECT_EQ(found.pages.size(), 22U);
    EXPECT_EQ(found.summary["skipped"], (nlohmann::json{{"host_rests", pages}}));
  }
}

}  // namespace
