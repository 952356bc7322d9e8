#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/subprocess_exec.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::coro;
using hocket::subprocess_exec;
using hocket::subprocess_shell;
using hocket::subprocess_transport;

namespace {

/// Writes down what it is told; the bytes of each pipe apart, for they come in any order.
class recorder : public hocket::subprocess_protocol {
 public:
  void connection_made(subprocess_transport& made) override {
    mine = made;
    trace += "made";
  }
  void pipe_data_received(int number, std::string_view bytes) override {
    (number == 1 ? out : err) += bytes;
    if (bytes.contains('!')) throw std::runtime_error("a mark");
  }
  void pipe_connection_lost(int number, std::exception_ptr error) override {
    lost_pipes += std::to_string(number);
    if (error) lost_pipes += '!';
  }
  void process_exited() override { trace += " exited " + std::to_string(mine.get_returncode().value_or(-1000)); }
  void connection_lost(std::exception_ptr error) override {
    trace += error ? " lost!" : " lost";
    mine = {};
    gone.set();
  }

  subprocess_transport mine;
  std::string trace;
  std::string out;
  std::string err;
  std::string lost_pipes;
  hocket::event gone;
};

constexpr auto make_recorder = [] { return std::make_shared<recorder>(); };

}  // namespace

HOCKET_REAL_TIME_TEST(subprocess_transport, tells_its_protocol_of_both_outputs_the_exit_and_the_end) {
  auto [transport, protocol] = co_await subprocess_shell(make_recorder, "echo out; echo err >&2; exit 3");
  EXPECT_TRUE(protocol->trace.starts_with("made")) << protocol->trace;
  EXPECT_GT(transport.get_pid(), 0);
  co_await protocol->gone.wait();
  EXPECT_EQ(protocol->trace, "made exited 3 lost");
  EXPECT_EQ(protocol->out, "out\n");
  EXPECT_EQ(protocol->err, "err\n");
  EXPECT_EQ(protocol->lost_pipes.size(), 3U) << protocol->lost_pipes;
  EXPECT_EQ(transport.get_returncode(), 3);
  EXPECT_EQ(transport.get_protocol(), nullptr);
}

HOCKET_REAL_TIME_TEST(subprocess_transport, writes_to_the_child_and_ends_its_input) {
  auto [transport, protocol] = co_await subprocess_exec(make_recorder, {"cat"});
  const std::string all(300'000, 'x');
  transport.get_pipe_transport(0).write(all);
  transport.get_pipe_transport(0).close();
  co_await protocol->gone.wait();
  EXPECT_EQ(protocol->out, all);
  EXPECT_EQ(protocol->trace, "made exited 0 lost");
}

HOCKET_REAL_TIME_TEST(subprocess_transport, has_the_pipes_that_were_asked_for) {
  auto [transport, protocol] = co_await subprocess_exec(make_recorder, {"true"}, {.stdout_ = hocket::subprocess::pipe});
  EXPECT_FALSE(transport.get_pipe_transport(0));
  EXPECT_TRUE(transport.get_pipe_transport(1));
  EXPECT_FALSE(transport.get_pipe_transport(2));
  EXPECT_THROW(static_cast<void>(transport.get_pipe_transport(3)), std::invalid_argument);
  co_await protocol->gone.wait();
  EXPECT_EQ(protocol->lost_pipes, "1");
}

HOCKET_REAL_TIME_TEST(subprocess_transport, that_is_closed_kills_the_child_and_tells_of_its_exit_and_the_end) {
  auto [transport, protocol] = co_await subprocess_exec(make_recorder, {"sleep", "1000"});
  transport.get_pipe_transport(0).write(std::string(300'000, 'x'));
  transport.close();
  EXPECT_TRUE(transport.is_closing());
  EXPECT_EQ(protocol->trace, "made");
  co_await protocol->gone.wait();
  EXPECT_EQ(protocol->trace, "made exited -9 lost");
}

HOCKET_REAL_TIME_TEST(subprocess_transport, sends_signals) {
  auto [transport, protocol] = co_await subprocess_exec(make_recorder, {"sleep", "1000"});
  transport.terminate();
  co_await protocol->gone.wait();
  EXPECT_EQ(protocol->trace, "made exited -15 lost");
  transport.send_signal(SIGTERM);
  transport.kill();
  transport.close();
}

HOCKET_REAL_TIME_TEST(subprocess_transport, outlasts_a_child_whose_pipe_a_grandchild_keeps) {
  auto [transport, protocol] =
      co_await subprocess_shell(make_recorder, "exec 3<&0; (read line <&3; echo late) & exit 0");
  while (!transport.get_returncode()) co_await hocket::sleep(1ms);
  co_await hocket::sleep(0s);
  EXPECT_FALSE(protocol->gone.is_set());
  transport.get_pipe_transport(0).write("go on\n");
  co_await protocol->gone.wait();
  EXPECT_EQ(protocol->trace, "made exited 0 lost");
  EXPECT_EQ(protocol->out, "late\n");
}

HOCKET_REAL_TIME_TEST(subprocess_transport, loses_a_pipe_by_what_pipe_data_received_throws_and_the_loop_is_told) {
  std::vector<std::string> told;
  hocket::loop::running().set_exception_handler([&](const auto& context) { told.push_back(context.message); });
  auto [transport, protocol] = co_await subprocess_shell(make_recorder, "printf '!'; cat");
  while (protocol->lost_pipes.empty()) co_await hocket::sleep(1ms);
  transport.get_pipe_transport(0).close();
  co_await protocol->gone.wait();
  EXPECT_EQ(told, std::vector<std::string>{"protocol.data_received() failed"});
  EXPECT_EQ(protocol->lost_pipes.substr(0, 2), "1!");
  hocket::loop::running().set_exception_handler({});
}

HOCKET_REAL_TIME_TEST(subprocess_transport, of_a_program_that_does_not_exist_is_not_made) {
  try {
    auto made = co_await subprocess_exec(make_recorder, {"./no/such"});
    ADD_FAILURE();
  } catch (const std::system_error& failed) {
    EXPECT_STREQ(failed.what(), "cannot run './no/such': No such file or directory");
  }
}

TEST(subprocess_transports, are_lost_and_their_children_gone_when_a_run_ends_before_them) {
  for (const auto backend : hocket::testing::every_backend()) {
    auto protocol = make_recorder();
    pid_t pid = 0;
    hocket::run(
        [](std::shared_ptr<recorder> told, pid_t& number) -> coro<void> {
          auto made = co_await subprocess_exec([told] { return told; }, {"sleep", "1000"});
          number = made.first.get_pid();
        }(protocol, pid),
        {.backend = backend});
    EXPECT_EQ(protocol->trace, "made exited -9 lost");
    std::string pipes = protocol->lost_pipes;
    std::erase(pipes, '!');  // their tasks may be cancelled first
    std::ranges::sort(pipes);
    EXPECT_EQ(pipes, "012");
    EXPECT_EQ(::kill(pid, 0), -1);
  }
}
