#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::create_task;
using hocket::io_counters;
using hocket::io_op;
using hocket::unix_socket;
using hocket::testing::ends_cancelled;
using hocket::testing::wait_all_tasks_blocked;

namespace {

const io_counters& counters() { return hocket::loop::running().io().counters(); }

coro<void> receive(unix_socket& from) { static_cast<void>(co_await from.receive()); }

class recorder final : public hocket::instrument {
 public:
  recorder() { hocket::loop::running().add_instrument(*this); }
  ~recorder() { hocket::loop::running().remove_instrument(*this); }
  recorder(const recorder&) = delete;

  void operation_submitted(const hocket::io_event& event) override { submitted.push_back(event); }
  void operation_completed(const hocket::io_event& event) override { completed.push_back(event); }

  std::vector<hocket::io_event> submitted;
  std::vector<hocket::io_event> completed;
};

}  // namespace

HOCKET_TEST(io_counters, count_bytes_and_requests_by_what_came_of_them) {
  const io_counters before = counters();
  auto [here, there] = unix_socket::pair();
  co_await here.send_all("hello");
  co_await receive(there);
  auto waiting = create_task(receive(there));
  co_await wait_all_tasks_blocked();
  waiting.cancel();
  EXPECT_TRUE(co_await ends_cancelled(waiting));
  there.close();
  EXPECT_FALSE(co_await hocket::as_result(here.send_all("nobody there")));
  const io_counters& after = counters();
  EXPECT_EQ(after.of(io_op::send).succeeded - before.of(io_op::send).succeeded, 1U);
  EXPECT_EQ(after.of(io_op::send).failed - before.of(io_op::send).failed, 1U);
  EXPECT_EQ(after.of(io_op::receive).succeeded - before.of(io_op::receive).succeeded, 1U);
  EXPECT_EQ(after.of(io_op::receive).cancelled - before.of(io_op::receive).cancelled, 1U);
  EXPECT_EQ(after.bytes_sent - before.bytes_sent, std::string_view("hellonobody there").size());
  EXPECT_EQ(after.bytes_received - before.bytes_received, 5U);
}

HOCKET_TEST(instrument, is_told_of_each_request_to_the_system_and_of_its_end) {
  auto [here, there] = unix_socket::pair();
  auto waiting = create_task(receive(there), {.name = "waiting"});
  recorder told;
  co_await wait_all_tasks_blocked();
  co_await here.send_all("hello");
  co_await waiting;
  EXPECT_EQ(told.submitted.size(), 2U);
  EXPECT_EQ(told.completed.size(), 2U);
  for (const hocket::io_event& end : told.completed) {
    const bool is_receive = end.operation == "receive";
    EXPECT_TRUE(is_receive || end.operation == "send");
    EXPECT_EQ(end.descriptor, is_receive ? there.number() : here.number());
    EXPECT_EQ(end.result, is_receive ? 5 : 0);
    bool begun = false;
    for (const hocket::io_event& begin : told.submitted)
      begun |= begin.id == end.id && begin.operation == end.operation && begin.task == end.task;
    EXPECT_TRUE(begun);
  }
}
