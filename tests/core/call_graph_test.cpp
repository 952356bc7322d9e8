#include <memory>
#include <regex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/core/as_completed.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/call_graph.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/shield.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/testing/blocked.hpp>
#include <hocket/testing/test.hpp>

namespace {

using namespace std::chrono_literals;
using hocket::capture_call_graph;
using hocket::future_call_graph;

class server {
 public:
  hocket::coro<void> handle(hocket::future<void> last) {
    static_cast<void>(this);
    co_await answer(last);
  }

 private:
  template <class Last>
  hocket::coro<void> answer(Last last) {
    co_await last;
  }
};

hocket::coro<void> wait_for_it(hocket::future<void> last) { co_await last; }

std::vector<std::string> functions(const future_call_graph& graph) {
  std::vector<std::string> names;
  for (const auto& frame : graph.call_stack) names.push_back(frame.function());
  return names;
}

std::vector<std::string> waiters(const future_call_graph& graph) {
  std::vector<std::string> names;
  for (const auto& waiter : graph.awaited_by) names.push_back(waiter.name);
  return names;
}

using names = std::vector<std::string>;

}  // namespace

HOCKET_TEST(call_graph, the_call_stack_is_told_from_the_innermost_coroutine_outward) {
  const hocket::future<void> last;
  server served;
  auto task = hocket::create_task(served.handle(last));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(functions(capture_call_graph(task)), (names{"server::answer", "server::handle"}));
  last.set_result();
  co_await task;
}

HOCKET_TEST(call_graph, a_frame_stands_where_it_awaits) {
  const hocket::future<void> last;
  unsigned line = 0;
  const auto body = [&]() -> hocket::coro<void> {
    co_await hocket::sleep(hocket::duration(0));
    line = __LINE__ + 1;
    co_await last;
  };
  auto task = hocket::create_task(body());
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(capture_call_graph(task).call_stack.front().where.line(), line);
  last.set_result();
  co_await task;
}

HOCKET_TEST(call_graph, a_task_that_has_not_begun_stands_at_its_function) {
  const hocket::future<void> last;
  last.set_result();
  auto task = hocket::create_task(wait_for_it(last));
  EXPECT_EQ(functions(capture_call_graph(task)), names{"wait_for_it"});
  co_await task;
}

hocket::async_generator<int> yields_when_it_ends(hocket::future<void> last) {
  co_yield 1;
  co_await wait_for_it(last);
}

hocket::coro<void> consume(hocket::async_generator<int> source) {
  while (co_await source.next()) continue;
}

HOCKET_TEST(call_graph, an_async_generator_stands_between_what_it_awaits_and_who_awaits_it) {
  const hocket::future<void> last;
  auto task = hocket::create_task(consume(yields_when_it_ends(last)));
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(functions(capture_call_graph(task)), (names{"wait_for_it", "yields_when_it_ends", "consume"}));
  last.set_result();
  co_await task;
}

HOCKET_TEST(call_graph, a_task_that_has_ended_has_no_call_stack) {
  const hocket::future<void> last;
  last.set_result();
  auto task = hocket::create_task(wait_for_it(last), {.name = "ended"});
  co_await task;
  EXPECT_TRUE(capture_call_graph(task).call_stack.empty());
}

HOCKET_TEST(call_graph, the_running_task_sees_its_own_frames_when_it_awaits_the_graph) {
  const auto inner = []() -> hocket::coro<future_call_graph> { co_return co_await capture_call_graph(); };
  const future_call_graph graph = co_await inner();
  EXPECT_EQ(graph.call_stack.size(), 2U);
  EXPECT_EQ(graph.call_stack.back().function(),
            "call_graph_the_running_task_sees_its_own_frames_when_it_awaits_the_graph_body");
}

HOCKET_TEST(call_graph, who_awaits_a_task_is_told_with_its_own_stack) {
  const hocket::future<void> last;
  auto worker = hocket::create_task(wait_for_it(last), {.name = "worker"});
  const auto wait = [&]() -> hocket::coro<void> { co_await worker; };
  auto waiter = hocket::create_task(wait(), {.name = "waiter"});
  co_await hocket::testing::wait_all_tasks_blocked();
  const future_call_graph graph = capture_call_graph(worker);
  EXPECT_EQ(waiters(graph), names{"waiter"});
  EXPECT_EQ(graph.awaited_by.front().call_stack.size(), 1U);
  last.set_result();
  co_await waiter;
}

HOCKET_TEST(call_graph, a_future_knows_who_awaits_it) {
  const hocket::future<void> last;
  auto worker = hocket::create_task(wait_for_it(last), {.name = "worker"});
  co_await hocket::testing::wait_all_tasks_blocked();
  EXPECT_EQ(waiters(capture_call_graph(last)), names{"worker"});
  last.set_result();
  co_await worker;
}

// Each of these waits for `worker` through something that stands between.
static hocket::coro<names> who_awaits(hocket::coro<void> (*through)(hocket::task<void>)) {
  const hocket::future<void> last;
  auto worker = hocket::create_task(wait_for_it(last));
  auto waiter = hocket::create_task(through(worker), {.name = "waiter"});
  co_await hocket::testing::wait_all_tasks_blocked();
  auto found = waiters(capture_call_graph(worker));
  last.set_result();
  co_await waiter;
  co_return found;
}

HOCKET_TEST(call_graph, a_gather_of_tasks_awaits_them) {
  EXPECT_EQ(co_await who_awaits([](hocket::task<void> work) -> hocket::coro<void> { co_await hocket::gather(work); }),
            names{"waiter"});
}

HOCKET_TEST(call_graph, a_wait_awaits_its_tasks) {
  EXPECT_EQ(co_await who_awaits(
                [](hocket::task<void> work) -> hocket::coro<void> { co_await hocket::wait(std::vector{work}); }),
            names{"waiter"});
}

HOCKET_TEST(call_graph, an_as_completed_awaits_its_tasks_for_who_is_first_in_line) {
  EXPECT_EQ(co_await who_awaits([](hocket::task<void> work) -> hocket::coro<void> {
              hocket::as_completed finished(std::vector{work});
              co_await finished.next();
            }),
            names{"waiter"});
}

HOCKET_TEST(call_graph, a_shield_awaits_what_it_shields) {
  EXPECT_EQ(co_await who_awaits([](hocket::task<void> work) -> hocket::coro<void> { co_await hocket::shield(work); }),
            names{"waiter"});
}

HOCKET_TEST(call_graph, a_gather_of_coroutines_awaits_its_children) {
  const hocket::future<void> last;
  const auto wait = [&]() -> hocket::coro<void> { co_await hocket::gather(wait_for_it(last), wait_for_it(last)); };
  auto waiter = hocket::create_task(wait(), {.name = "waiter"});
  co_await hocket::testing::wait_all_tasks_blocked();
  const future_call_graph graph = capture_call_graph(last);
  EXPECT_EQ(graph.awaited_by.size(), 2U);
  EXPECT_EQ(waiters(graph.awaited_by.front()), names{"waiter"});
  last.set_result();
  co_await waiter;
}

HOCKET_TEST(call_graph, a_task_group_awaits_its_children_while_its_body_runs) {
  const hocket::future<void> last;
  names found;
  const auto body = [&](hocket::task_group& group) -> hocket::coro<void> {
    auto child = group.create_task(wait_for_it(last));
    co_await hocket::testing::wait_all_tasks_blocked();
    found = waiters(capture_call_graph(child));
    last.set_result();
  };
  co_await hocket::with_task_group(body);
  EXPECT_EQ(found, names{"main"});
}

HOCKET_TEST(call_graph, tasks_that_await_each_other_in_a_circle_are_told_once) {
  hocket::task<void> first;
  const auto wait_for_first = [&]() -> hocket::coro<void> {
    co_await hocket::wait(std::vector{first}, {.timeout = 1h});  // or it would never end
  };
  auto second = hocket::create_task(wait_for_first(), {.name = "second"});
  const auto wait_for_second = [&]() -> hocket::coro<void> { co_await second; };
  first = hocket::create_task(wait_for_second(), {.name = "first"});
  co_await hocket::testing::wait_all_tasks_blocked();
  const future_call_graph graph = capture_call_graph(first);
  const future_call_graph& again = graph.awaited_by.front().awaited_by.front();
  EXPECT_EQ(again.name, "first");
  EXPECT_TRUE(again.shortened && again.awaited_by.empty());
  co_await first;
}

HOCKET_TEST(call_graph, a_chain_of_a_thousand_tasks_is_shortened) {
  const hocket::future<void> last;
  std::vector<hocket::task<void>> chain{hocket::create_task(wait_for_it(last))};
  const auto wait = [](hocket::task<void> before) -> hocket::coro<void> { co_await before; };
  for (int n = 0; n < 1000; ++n) chain.push_back(hocket::create_task(wait(chain.back())));
  co_await hocket::testing::wait_all_tasks_blocked();
  const future_call_graph graph = capture_call_graph(chain.front());
  int depth = 0;
  const future_call_graph* at = &graph;
  for (; !at->awaited_by.empty(); at = &at->awaited_by.front()) ++depth;
  EXPECT_EQ(depth, 100);
  EXPECT_TRUE(at->shortened);
  last.set_result();
  co_await chain.back();
}

static hocket::coro<void> descend(int left, const hocket::future<void>& last) {
  if (left > 0)
    co_await descend(left - 1, last);
  else
    co_await last;
}

HOCKET_TEST(call_graph, a_stack_of_ten_thousand_frames_is_shortened) {
  const hocket::future<void> last;
  auto deep = hocket::create_task(descend(10'000, last));
  co_await hocket::testing::wait_all_tasks_blocked();
  const future_call_graph graph = capture_call_graph(deep);
  EXPECT_EQ(graph.call_stack.size(), 1000U);
  EXPECT_TRUE(graph.shortened);
  last.set_result();
  co_await deep;
}

HOCKET_TEST(call_graph, is_printed_as_asyncio_prints_it) {
  const hocket::future<void> last;
  auto worker = hocket::create_task(wait_for_it(last), {.name = "worker"});
  const auto wait = [&]() -> hocket::coro<void> { co_await worker; };
  auto waiter = hocket::create_task(wait(), {.name = "waiter"});
  co_await hocket::testing::wait_all_tasks_blocked();
  const std::string text = std::regex_replace(hocket::format_call_graph(capture_call_graph(worker)),
                                              std::regex(R"(([^ ']*/)?call_graph_test\.cpp(', line |:)\d+)"), "HERE");
  EXPECT_EQ(text,
            "* Task 'worker' (made at HERE)\n"
            "  + Call stack:\n"
            "  |   File 'HERE, in wait_for_it()\n"
            "  + Awaited by:\n"
            "     * Task 'waiter' (made at HERE)\n"
            "       + Call stack:\n"
            "       |   File 'HERE, in call_graph_is_printed_as_asyncio_prints_it_body()::(lambda)()\n");
  last.set_result();
  co_await waiter;
}

HOCKET_TEST(call_graph, all_tasks_are_a_tree_of_who_waits_for_whom) {
  const hocket::future<void> last;
  auto worker = hocket::create_task(wait_for_it(last), {.name = "worker"});
  const auto wait = [&]() -> hocket::coro<void> { co_await worker; };
  auto waiter = hocket::create_task(wait(), {.name = "waiter"});
  co_await hocket::testing::wait_all_tasks_blocked();
  const std::string text = hocket::format_all_tasks();
  EXPECT_NE(text.find("\n* Task 'waiter'"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  * Task 'worker'"), std::string::npos) << text;
  last.set_result();
  co_await waiter;
}

TEST(call_graph, a_function_is_named_without_types) {
  const auto here = std::source_location::current();
  EXPECT_EQ(hocket::frame_call_graph_entry{here}.function(),
            "call_graph_a_function_is_named_without_types_Test::TestBody");
}

TEST(call_graph, every_promise_begins_with_what_is_looked_for_in_it) {
  struct alignas(16) wide {
    char bytes[48];
  };
  const auto check = []<class T>(std::type_identity<T>) {
    using promise = typename hocket::coro<T>::promise_type;
    const auto make = []() -> hocket::coro<T> {
      if constexpr (!std::is_void_v<T>)
        co_return T{};
      else
        co_return;
    };
    auto frame = make().release();
    EXPECT_EQ(&hocket::frame_base::of(frame), static_cast<hocket::frame_base*>(&frame.promise()));
    static_assert(std::is_base_of_v<hocket::frame_base, promise>);
    frame.destroy();
  };
  check(std::type_identity<void>{});
  check(std::type_identity<char>{});
  check(std::type_identity<std::string>{});
  check(std::type_identity<wide>{});
}

struct printing_at_its_end {
  explicit printing_at_its_end(std::string& into) : text(&into) {}
  printing_at_its_end(printing_at_its_end&& other) noexcept : text(std::exchange(other.text, nullptr)) {}
  ~printing_at_its_end() {
    if (text != nullptr) *text = hocket::format_all_tasks();
  }
  std::string* text;
};

HOCKET_TEST(call_graph, of_all_tasks_may_be_asked_for_while_one_ends) {
  std::string text;
  auto work = [](printing_at_its_end) -> hocket::coro<void> { co_return; };
  co_await hocket::create_task(work(printing_at_its_end(text)), {.name = "ending"});
  EXPECT_NE(text.find("ending"), std::string::npos) << text;
}
