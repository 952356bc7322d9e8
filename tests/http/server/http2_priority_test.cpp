#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <http/h2_client.hpp>
#include <http/running_server.hpp>

#include <hocket/http/server/server.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

// RFC 9218. The window of the connection is used up before a test asks for anything, so that all replies wait when it is opened.

namespace h2 = hocket::testing::h2;
using hocket::coro;
using hocket::http::reply;
using hocket::http::request;
using hocket::testing::h2_client;
using hocket::testing::running_server;
using hocket::testing::wait_all_tasks_blocked;

namespace {

constexpr std::uint32_t first_window = 65'535;
constexpr std::uint32_t frame_bytes = 16 * 1024;  // of the largest that one may be, unless the client allows more

/// As many bytes as its path says.
coro<reply> answer_with_bytes(request& asked) {
  co_return reply::text(std::string(std::stoul(std::string(asked.path().substr(1))), 'b'));
}

class waiting_replies {
 public:
  waiting_replies() : server_(answer_with_bytes, {.http2 = {.prior_knowledge = true}}) {}

  coro<void> use_up_window() {
    client_.emplace(co_await h2_client::connect(server_.address()));
    const auto answer = co_await client_->ask(1, h2::get(1, "/65535"));
    EXPECT_EQ(answer.body.size(), first_window);
  }

  /// Asks for two whole frames on the next stream, with that field. Gives its number.
  coro<std::uint32_t> ask(std::string_view priority = {}) {
    const std::uint32_t stream = next_;
    next_ += 2;
    co_await client_->send(priority.empty() ? h2::get(stream, "/32768")
                                            : h2::get(stream, "/32768", {{"priority", priority}}));
    co_return stream;
  }
  coro<void> change(std::uint32_t stream, std::string_view priority) {
    co_await client_->send(h2::frame(h2::priority_update, h2::none, 0, h2::number(stream) + std::string(priority)));
  }

  /// The streams of the frames of bodies that come when the window is open.
  coro<std::vector<std::uint32_t>> order() {
    co_await wait_all_tasks_blocked();
    const std::uint32_t frames = next_ - 3;  // two of each second number from 3 on
    co_await client_->send(h2::window(0, frames * frame_bytes));
    std::vector<std::uint32_t> found;
    while (found.size() < frames) {
      const auto frame = co_await client_->next(h2::data);
      if (frame.type == -1) break;
      EXPECT_EQ(frame.payload.size(), frame_bytes);
      found.push_back(frame.stream);
    }
    co_await server_.stop();
    co_return found;
  }

 private:
  running_server server_;
  std::optional<h2_client> client_;
  std::uint32_t next_ = 3;
};

using streams = std::vector<std::uint32_t>;

HOCKET_TEST(http2_priority, what_is_urgent_goes_first) {
  waiting_replies replies;
  co_await replies.use_up_window();
  for (const auto* priority : {"u=7", "", "u=0", "u=4", "u=1"}) co_await replies.ask(priority);
  EXPECT_EQ(co_await replies.order(), (streams{7, 7, 11, 11, 5, 5, 9, 9, 3, 3}));
}

HOCKET_TEST(http2_priority, what_is_equally_urgent_goes_whole_as_it_was_asked_for) {
  waiting_replies replies;
  co_await replies.use_up_window();
  for (const auto* priority : {"u=3", "", "u=3, i=?0"}) co_await replies.ask(priority);
  EXPECT_EQ(co_await replies.order(), (streams{3, 3, 5, 5, 7, 7}));
}

HOCKET_TEST(http2_priority, what_can_be_used_in_parts_goes_by_turns) {
  waiting_replies replies;
  co_await replies.use_up_window();
  for (const auto* priority : {"u=2, i", "i, u=2", "u=2, i=?1"}) co_await replies.ask(priority);
  EXPECT_EQ(co_await replies.order(), (streams{3, 5, 7, 3, 5, 7}));
}

HOCKET_TEST(http2_priority, a_client_may_think_better_of_it_while_it_waits) {
  waiting_replies replies;
  co_await replies.use_up_window();
  const auto first = co_await replies.ask("u=1");
  const auto second = co_await replies.ask("u=6");
  const auto third = co_await replies.ask();
  co_await wait_all_tasks_blocked();
  co_await replies.change(first, "u=5");
  co_await replies.change(second, "u=0");
  EXPECT_EQ(co_await replies.order(), (streams{second, second, third, third, first, first}));
}

HOCKET_TEST(http2_priority, what_says_nothing_that_can_be_read_is_as_urgent_as_what_says_nothing) {
  waiting_replies replies;
  co_await replies.use_up_window();
  for (const auto* priority : {"u=4", "u=9", "u=-1", "u", ";", "", "u=2"}) co_await replies.ask(priority);
  EXPECT_EQ(co_await replies.order(), (streams{15, 15, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 3, 3}));
}

}  // namespace
