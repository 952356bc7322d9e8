#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/told.hpp>
#include <io/without_capability.hpp>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/signals.hpp>
#include <hocket/io/stream_error.hpp>
#include <hocket/io/subprocess.hpp>
#include <hocket/sync/semaphore.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/test.hpp>
#include <hocket/testing/throws.hpp>

namespace {

using namespace std::chrono_literals;
using hocket::coro;
using hocket::create_subprocess_exec;
using hocket::create_subprocess_shell;
using hocket::loop;
using hocket::subprocess::devnull;
using hocket::subprocess::pipe;
using hocket::subprocess::process;
using hocket::subprocess::to_stdout;
using hocket::testing::throws;

// Whether the process has children at all, zombies too. Nothing is reaped.
bool has_children() {
  siginfo_t end{};
  return ::waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) == 0;
}

bool is_alive(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(status, text)) return false;
  const auto state = text.rfind(") ");
  return state != text.npos && text[state + 2] != 'Z';
}

// Another process ends at a time of its own, but soon.
coro<void> look_until_dead(pid_t pid) {
  while (is_alive(pid)) co_await hocket::sleep(1ms);
}
coro<void> until_dead(pid_t pid) { co_await hocket::wait_for(look_until_dead(pid), 30s); }

coro<void> look_until_childless() {
  while (has_children()) co_await hocket::sleep(1ms);
}
coro<void> until_childless() { co_await hocket::wait_for(look_until_childless(), 30s); }

coro<std::string> output_of(std::vector<std::string> command, hocket::create_subprocess_options options = {}) {
  options.stdout_ = pipe;
  auto child = co_await create_subprocess_exec(std::move(command), std::move(options));
  auto [out, err] = co_await child.communicate();
  co_return out;
}

coro<std::string> error_of(std::vector<std::string> command, hocket::create_subprocess_options options = {}) {
  try {
    const auto child = co_await create_subprocess_exec(std::move(command), std::move(options));
  } catch (const std::exception& failed) {
    co_return failed.what();
  }
  co_return "";
}

// ---- running

HOCKET_REAL_TIME_TEST(subprocess, gives_the_exit_code) {
  auto child = co_await create_subprocess_shell("read line; exit 7", {.stdin_ = pipe});
  EXPECT_EQ(child.returncode(), std::nullopt);
  child.stdin().close();
  EXPECT_EQ(co_await child.wait(), 7);
  EXPECT_EQ(child.returncode(), 7);
  EXPECT_EQ(co_await child.wait(), 7);
}

HOCKET_REAL_TIME_TEST(subprocess, gives_the_negated_signal_that_killed_it) {
  auto child = co_await create_subprocess_exec({"sleep", "1000"});
  child.terminate();
  EXPECT_EQ(co_await child.wait(), -SIGTERM);
}

HOCKET_REAL_TIME_TEST(subprocess, talks_through_its_pipes) {
  auto child = co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe, .stdout_ = pipe});
  child.stdin().write("one\n");
  EXPECT_EQ(co_await child.stdout().readline(), "one\n");
  child.stdin().write("two");
  child.stdin().write_eof();
  EXPECT_EQ(co_await child.stdout().readline(), "two");
  EXPECT_EQ(co_await child.stdout().read(), "");
  EXPECT_EQ(co_await child.wait(), 0);
}

HOCKET_REAL_TIME_TEST(subprocess, has_real_pipes) {
  auto child = co_await create_subprocess_shell("test -p /dev/stdin && test -p /dev/stdout && echo good > /dev/stdout",
                                                {.stdin_ = pipe, .stdout_ = pipe});
  const auto [out, err] = co_await child.communicate();
  EXPECT_EQ(out, "good\n");
}

HOCKET_REAL_TIME_TEST(subprocess, communicates_megabytes_both_ways_at_once) {
  std::string input;
  for (int n = 0; n < 400'000; ++n) input += std::to_string(n) + '\n';
  auto child = co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe, .stdout_ = pipe});
  const auto [out, err] = co_await child.communicate(input);
  EXPECT_TRUE(out == input);
  EXPECT_EQ(child.returncode(), 0);
}

HOCKET_REAL_TIME_TEST(subprocess, keeps_output_and_errors_apart) {
  auto child = co_await create_subprocess_shell("echo out; echo err >&2", {.stdout_ = pipe, .stderr_ = pipe});
  const auto [out, err] = co_await child.communicate();
  EXPECT_EQ(out, "out\n");
  EXPECT_EQ(err, "err\n");
}

HOCKET_REAL_TIME_TEST(subprocess, writes_errors_to_its_output_if_asked_to) {
  auto child = co_await create_subprocess_shell("echo out; echo err >&2", {.stdout_ = pipe, .stderr_ = to_stdout});
  const auto [out, err] = co_await child.communicate();
  EXPECT_EQ(out, "out\nerr\n");
}

HOCKET_REAL_TIME_TEST(subprocess, reads_and_writes_nothing_at_devnull) {
  auto child = co_await create_subprocess_shell("echo out; echo err >&2; cat; echo end >&3",
                                                {.stdin_ = devnull, .stdout_ = devnull, .stderr_ = devnull});
  EXPECT_NE(co_await child.wait(), 0);  // there is no 3
}

HOCKET_REAL_TIME_TEST(subprocess, writes_to_a_descriptor_that_it_is_given) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  auto child = co_await create_subprocess_shell("echo to 1; echo to 2 >&2", {.stdout_ = ends[1], .stderr_ = ends[1]});
  EXPECT_EQ(co_await child.wait(), 0);
  ::close(ends[1]);
  char text[64];
  EXPECT_EQ(std::string_view(
                text, static_cast<std::size_t>(std::max(0L, TEMP_FAILURE_RETRY(::read(ends[0], text, sizeof text))))),
            "to 1\nto 2\n");
  ::close(ends[0]);
}

HOCKET_REAL_TIME_TEST(subprocess, shows_only_streams_that_are_pipes) {
  auto child = co_await create_subprocess_exec({"true"});
  EXPECT_THROW(static_cast<void>(child.stdin()), hocket::invalid_state_error);
  EXPECT_THROW(static_cast<void>(child.stdout()), hocket::invalid_state_error);
  EXPECT_THROW(static_cast<void>(child.stderr()), hocket::invalid_state_error);
  EXPECT_TRUE(co_await throws<hocket::invalid_state_error>(child.communicate("input")));
}

// ---- how it begins

HOCKET_REAL_TIME_TEST(subprocess, begins_in_its_working_directory) {
  EXPECT_EQ(co_await output_of({"pwd"}, {.cwd = "/usr"}), "/usr\n");
}

HOCKET_REAL_TIME_TEST(subprocess, has_exactly_its_environment) {
  EXPECT_EQ(co_await output_of({"/usr/bin/env"}, {.env = {{{"A", "1"}, {"B", "x=y"}}}}), "A=1\nB=x=y\n");
}

HOCKET_REAL_TIME_TEST(subprocess, inherits_the_environment_otherwise) {
  ::setenv("HOCKET_TEST_OF_ENVIRONMENT", "seen", 1);
  EXPECT_EQ(co_await output_of({"sh", "-c", "echo $HOCKET_TEST_OF_ENVIRONMENT"}), "seen\n");
  ::unsetenv("HOCKET_TEST_OF_ENVIRONMENT");
}

HOCKET_REAL_TIME_TEST(subprocess, is_looked_for_in_the_path_of_its_environment) {
  const hocket::testing::temporary_directory place;
  const std::string program = place / "greet";
  std::ofstream(program) << "#!/bin/sh\necho hello\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  EXPECT_EQ(co_await output_of({"greet"}, {.env = {{{"PATH", "/nowhere:" + place.path()}}}}), "hello\n");
}

HOCKET_REAL_TIME_TEST(subprocess, may_have_a_session_or_a_group_of_its_own) {
  const std::string ids = "echo $$ $(ps -o pgid=,sid= -p $$)";
  const auto session = co_await output_of({"sh", "-c", ids}, {.start_new_session = true});
  int pid = 0, group = 0, its_session = 0;
  EXPECT_EQ(std::sscanf(session.c_str(), "%d %d %d", &pid, &group, &its_session), 3) << session;
  EXPECT_EQ(pid, group);
  EXPECT_EQ(pid, its_session);
  const auto in_group = co_await output_of({"sh", "-c", ids}, {.process_group = 0});
  EXPECT_EQ(std::sscanf(in_group.c_str(), "%d %d %d", &pid, &group, &its_session), 3) << in_group;
  EXPECT_EQ(pid, group);
  EXPECT_EQ(its_session, ::getsid(0));
}

HOCKET_REAL_TIME_TEST(subprocess, inherits_no_descriptor_but_those_passed_on) {
  const int kept = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const int other = ::open("/dev/null", O_RDONLY);
  const int passed = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  const std::string listing = "cd /proc/self/fd && for n in *; do test -e $n && echo $n; done; true";
  EXPECT_EQ(
      co_await output_of({"sh", "-c", listing}, {.pass_fds = {passed}}),
      (passed < 10 ? "0\n1\n" + ("2\n" + std::to_string(passed)) : "0\n1\n" + std::to_string(passed) + "\n2") + "\n");
  ::close(kept);
  ::close(other);
  ::close(passed);
}

HOCKET_REAL_TIME_TEST(subprocess, begins_with_no_signal_blocked_or_handled) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  loop::running().add_signal_handler(SIGUSR1, [] {});
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto state = co_await output_of({"sed", "-n", "s/^Sig\\(Blk\\|Ign\\|Cgt\\):.//p", "/proc/self/status"});
  std::uint64_t blocked_there = 1, ignored_there = 0, caught_there = 1;
  EXPECT_EQ(std::sscanf(state.c_str(), "%lx %lx %lx", &blocked_there, &ignored_there, &caught_there), 3) << state;
  // 32 and 33 are the C library's own and out of our reach; who was begun by its posix_spawn may ignore them.
  constexpr std::uint64_t of_the_c_library = std::uint64_t{3} << 31;
  EXPECT_EQ(blocked_there, 0U);
  EXPECT_EQ(ignored_there & ~of_the_c_library, std::uint64_t{1} << (SIGHUP - 1));
  EXPECT_EQ(caught_there, 0U);
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, &before, &now);
  EXPECT_TRUE(sigismember(&now, SIGUSR2));
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGHUP, SIG_DFL);
}

// ---- errors

HOCKET_REAL_TIME_TEST(subprocess, that_does_not_exist_is_named) {
  EXPECT_EQ(co_await error_of({"no-such-program", "x"}), "cannot run 'no-such-program': No such file or directory");
  EXPECT_EQ(co_await error_of({"./no/such"}), "cannot run './no/such': No such file or directory");
  EXPECT_EQ(co_await error_of({"/etc/passwd"}), "cannot run '/etc/passwd': Permission denied");
  EXPECT_FALSE(has_children());
}

HOCKET_REAL_TIME_TEST(subprocess, whose_directory_does_not_exist_names_that) {
  EXPECT_EQ(co_await error_of({"true"}, {.cwd = "/no/such"}),
            "cannot run 'true' in the directory '/no/such': No such file or directory");
  EXPECT_FALSE(has_children());
}

HOCKET_REAL_TIME_TEST(subprocess, refuses_what_makes_no_sense) {
  EXPECT_EQ(co_await error_of({}), "there is no program to run: the command is empty");
  EXPECT_EQ(co_await error_of({std::string("a\0b", 3)}), "an argument of a program holds a zero byte");
  EXPECT_EQ(co_await error_of({"true"}, {.env = {{{"A=B", "1"}}}}),
            "the name of an environment variable holds a '=': A=B");
  EXPECT_EQ(co_await error_of({"true"}, {.pass_fds = {9999}}), "cannot pass on descriptor 9999: Bad file descriptor");
  EXPECT_EQ(co_await error_of({"true"}, {.stdout_ = to_stdout}), "to_stdout is for standard error");
  EXPECT_EQ(co_await error_of({"true"}, {.process_group = 1, .kill_group = true}),
            "kill_group is for a process group of the child's own");
}

HOCKET_REAL_TIME_TEST(subprocess, that_cannot_begin_leaves_nothing_open) {
  const auto before = hocket::testing::count_open_numbers();
  for (int n = 0; n < 10; ++n)
    co_await error_of({"no-such-program"}, {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = devnull});
  EXPECT_EQ(hocket::testing::count_open_numbers(), before);
}

HOCKET_REAL_TIME_TEST(subprocess, that_finds_no_free_descriptor_says_so_and_leaves_nothing_open) {
  const auto before = hocket::testing::count_open_numbers();
  for (rlim_t left = 0; left < 6; ++left) {
    std::string said;
    {
      const hocket::testing::few_descriptors few(left);
      said = co_await error_of({"true"}, {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe});
    }
    EXPECT_TRUE(said.ends_with(": Too many open files")) << left << ": " << said;
    EXPECT_EQ(hocket::testing::count_open_numbers(), before);
  }
  EXPECT_FALSE(has_children());
}

// ---- communicate

HOCKET_REAL_TIME_TEST(communicate, does_not_mind_a_child_that_reads_nothing) {
  auto child = co_await create_subprocess_exec({"true"}, {.stdin_ = pipe, .stdout_ = pipe});
  const auto [out, err] = co_await child.communicate(std::string(4 << 20, 'x'));
  EXPECT_EQ(out, "");
  EXPECT_EQ(child.returncode(), 0);
}

HOCKET_REAL_TIME_TEST(communicate, refuses_output_over_its_limit_and_leaves_nobody_behind) {
  {
    auto child = co_await create_subprocess_exec({"yes"}, {.stdin_ = pipe, .stdout_ = pipe});
    EXPECT_TRUE(co_await throws<hocket::limit_overrun_error>(child.communicate("", {.limit = 100'000})));
  }
  auto exact = co_await create_subprocess_shell("printf 12345", {.stdout_ = pipe});
  const auto [out, err] = co_await exact.communicate("", {.limit = 5});
  EXPECT_EQ(out, "12345");
}

HOCKET_REAL_TIME_TEST(communicate, may_time_out_and_go_on_without_losing_a_byte) {
  auto child = co_await create_subprocess_shell(
      "trap 'echo got it; exit 5' USR1; echo ready; while :; do sleep 0.01; done", {.stdin_ = pipe, .stdout_ = pipe});
  while (child.stdout().buffered() == 0)
    EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::wait_for(child.communicate(), 5ms)));
  child.send_signal(SIGUSR1);
  const auto [out, err] = co_await child.communicate();
  EXPECT_EQ(out, "ready\ngot it\n");
  EXPECT_EQ(child.returncode(), 5);
}

HOCKET_REAL_TIME_TEST(communicate, that_times_out_leaves_the_child_to_be_killed) {
  auto child = co_await create_subprocess_shell("trap '' TERM; echo deaf; while :; do sleep 1000; done",
                                                {.stdout_ = pipe, .kill_group = true});
  EXPECT_EQ(co_await child.stdout().readline(), "deaf\n");
  child.terminate();
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::wait_for(child.communicate(), 50ms)));
  EXPECT_EQ(child.returncode(), std::nullopt);
  child.send_signal_to_group(SIGKILL);
  EXPECT_EQ(co_await child.wait(), -SIGKILL);
}

HOCKET_REAL_TIME_TEST(communicate, reads_what_was_written_although_a_grandchild_keeps_the_pipe) {
  auto child = co_await create_subprocess_shell("sleep 1000 & echo $!", {.stdout_ = pipe, .kill_group = true});
  EXPECT_TRUE(co_await throws<hocket::timeout_error>(hocket::wait_for(child.communicate(), 50ms)));
  EXPECT_EQ(co_await child.wait(), 0);
  child.send_signal_to_group(SIGKILL);
  const auto [out, err] = co_await child.communicate();
  co_await until_dead(std::stoi(out));
}

HOCKET_REAL_TIME_TEST(communicate, reads_what_a_child_has_written_that_has_long_ended) {
  auto child =
      co_await create_subprocess_shell("head -c 60000 /dev/zero; printf 'last words'; exit 3", {.stdout_ = pipe});
  EXPECT_EQ(co_await child.wait(), 3);
  const auto [out, err] = co_await child.communicate();
  EXPECT_EQ(out.size(), 60'010U);
  EXPECT_TRUE(out.ends_with("last words"));
}

// ---- its end

HOCKET_REAL_TIME_TEST(subprocess, is_reaped_although_nobody_waits) {
  auto child = co_await create_subprocess_exec({"true"});
  while (!child.returncode()) co_await hocket::sleep(1ms);
  EXPECT_FALSE(has_children());
}

HOCKET_REAL_TIME_TEST(subprocess, is_waited_for_by_any_number_of_tasks) {
  auto child = co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe});
  auto first = hocket::create_task(child.wait());
  auto second = hocket::create_task(child.wait());
  auto third = hocket::create_task(child.wait());
  co_await hocket::sleep(0s);
  third.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(third));
  child.stdin().close();
  EXPECT_EQ(co_await first, 0);
  EXPECT_EQ(co_await second, 0);
}

HOCKET_REAL_TIME_TEST(subprocess, that_is_destroyed_is_killed_and_reaped) {
  pid_t pid = 0;
  {
    const auto child = co_await create_subprocess_exec({"sleep", "1000"});
    pid = child.pid();
  }
  co_await until_dead(pid);
  co_await until_childless();
}

coro<pid_t> start_and_leave() {
  const auto child = co_await create_subprocess_exec({"sleep", "1000"}, {.stdin_ = pipe, .stdout_ = pipe});
  co_return child.pid();
}

TEST(subprocess, is_gone_before_its_run_ends) {
  const auto before = hocket::testing::count_open_numbers();
  const pid_t pid = hocket::run(start_and_leave());
  EXPECT_FALSE(is_alive(pid));
  EXPECT_FALSE(has_children());
  EXPECT_EQ(hocket::testing::count_open_numbers(), before);
}

HOCKET_REAL_TIME_TEST(subprocess, that_has_ended_hears_no_signal) {
  auto child = co_await create_subprocess_exec({"true"});
  EXPECT_EQ(co_await child.wait(), 0);
  child.kill();
  child.terminate();
  EXPECT_EQ(child.returncode(), 0);
  EXPECT_THROW(child.send_signal_to_group(SIGTERM), hocket::invalid_state_error);
}

HOCKET_REAL_TIME_TEST(subprocess, that_ignores_sigterm_is_waited_for_no_longer_than_one_likes) {
  auto child = co_await create_subprocess_shell("trap '' TERM; echo ready; exec sleep 1000", {.stdout_ = pipe});
  EXPECT_EQ(co_await child.stdout().readline(), "ready\n");
  child.terminate();
  EXPECT_FALSE(co_await hocket::move_on_after(50ms, child.wait()));
  child.kill();
  EXPECT_EQ(co_await child.wait(), -SIGKILL);
}

coro<void> leave_one_that_may_not_be_killed(pid_t& left, std::vector<std::string>& messages) {
  const hocket::testing::told heard;
  {
    auto child = co_await create_subprocess_exec(
        {"setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", "echo ready; exec sleep 1000"}, {.stdout_ = pipe});
    const std::string line = co_await child.stdout().readline();
    if (line != "ready\n") co_return;
    left = child.pid();
  }
  while (heard.messages.empty()) co_await hocket::sleep(1ms);
  messages = heard.messages;
}

TEST(subprocess, that_may_not_be_killed_does_not_hold_up_the_end_of_the_run) {
  for (const auto backend : hocket::testing::every_backend()) {
    pid_t left = 0;
    std::vector<std::string> messages;
    {
      const hocket::testing::without_capability no_right(CAP_KILL);
      hocket::run(leave_one_that_may_not_be_killed(left, messages), {.backend = backend});
    }
    if (left == 0) GTEST_SKIP() << "SKIPPED: a child of another user takes the rights of the superuser";
    EXPECT_EQ(messages, std::vector{"child " + std::to_string(left) +
                                    " may not be killed, and runs on: Operation not permitted"});
    EXPECT_TRUE(is_alive(left));
    ::kill(left, SIGKILL);
    EXPECT_EQ(TEMP_FAILURE_RETRY(::waitpid(left, nullptr, 0)), left);
  }
}

/// A debugger of another process, which hears of its end first and keeps that to itself.
class tracer {
 public:
  explicit tracer(pid_t traced) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::alarm(30);  // for a loop that waits for it
      const char holds = ::ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) == 0 ? 'y' : 'n';
      ::dup2(ends[1], 0);
      ::close_range(1, ~0U, 0);  // the child's pipes
      if (::write(0, &holds, 1) == 1) ::pause();
      ::_exit(0);
    }
    ::close(ends[1]);
    char answer = 'n';
    static_cast<void>(TEMP_FAILURE_RETRY(::read(ends[0], &answer, 1)));
    ::close(ends[0]);
    holds_ = answer == 'y';
    if (!holds_) skip();
  }
  ~tracer() { end(); }
  tracer(const tracer&) = delete;

  void end() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    TEMP_FAILURE_RETRY(::waitpid(pid_, nullptr, 0));
    pid_ = 0;
  }
  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  static void skip() { GTEST_SKIP() << "SKIPPED: ptrace(2) is forbidden here"; }

  pid_t pid_ = 0;
  bool holds_ = false;
};

HOCKET_REAL_TIME_TEST(subprocess, whose_end_a_debugger_hears_of_first_holds_up_nobody_else) {
  auto child = co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe});
  tracer debugger(child.pid());
  if (!debugger.holds()) co_return;
  child.stdin().close();
  co_await until_dead(child.pid());
  co_await hocket::sleep(20ms);
  EXPECT_FALSE(child.returncode());
  debugger.end();
  EXPECT_EQ(co_await child.wait(), 0);
}

TEST(subprocess, for_which_memory_is_short_anywhere_leaves_no_child_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const auto before = hocket::testing::count_open_numbers();
    const auto report = hocket::testing::fail_each_allocation(
        []() -> coro<void> {
          auto child = co_await create_subprocess_exec({"true"}, {.stdout_ = pipe});
          EXPECT_EQ(co_await child.wait(), 0);
        },
        {.backend = backend});
    EXPECT_GT(report.failed, 10U);
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_FALSE(has_children());
    EXPECT_EQ(hocket::testing::count_open_numbers(), before);
  }
}

coro<void> own_a_family(pid_t& leader, pid_t& grandchild) {
  auto child = co_await create_subprocess_shell("sleep 1000 & echo $!; trap '' TERM; wait; sleep 1000",
                                                {.stdout_ = pipe, .kill_group = true});
  leader = child.pid();
  grandchild = std::stoi(co_await child.stdout().readline());
  co_await child.wait();
}

HOCKET_REAL_TIME_TEST(subprocess, of_a_cancelled_task_is_killed_with_its_whole_group) {
  pid_t leader = 0, grandchild = 0;
  auto owner = hocket::create_task(own_a_family(leader, grandchild));
  while (grandchild == 0) co_await hocket::sleep(1ms);
  EXPECT_TRUE(is_alive(grandchild));
  owner.cancel();
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(owner));
  co_await until_dead(leader);
  co_await until_dead(grandchild);
}

HOCKET_REAL_TIME_TEST(subprocess, that_ended_before_its_family_leaves_none_of_it_behind) {
  pid_t grandchild = 0;
  {
    auto child = co_await create_subprocess_shell("sleep 1000 & echo $!", {.stdout_ = pipe, .kill_group = true});
    grandchild = std::stoi(co_await child.stdout().readline());
    EXPECT_EQ(co_await child.wait(), 0);
    EXPECT_TRUE(is_alive(grandchild));
  }
  co_await until_dead(grandchild);
  EXPECT_FALSE(has_children());
}

HOCKET_REAL_TIME_TEST(subprocess, of_others_is_left_to_them) {
  const pid_t stranger = ::fork();
  if (stranger == 0) ::_exit(3);
  auto child = co_await create_subprocess_exec({"true"});
  EXPECT_EQ(co_await child.wait(), 0);
  int status = 0;
  EXPECT_EQ(TEMP_FAILURE_RETRY(::waitpid(stranger, &status, 0)), stranger);
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

HOCKET_REAL_TIME_TEST(subprocess, ends_with_an_unknown_code_if_the_program_ignores_sigchld) {
  ::signal(SIGCHLD, SIG_IGN);
  {
    auto child = co_await create_subprocess_shell("exit 3", {.kill_group = true});
    EXPECT_EQ(co_await child.wait(), 255);
  }
  ::signal(SIGCHLD, SIG_DFL);
}

HOCKET_REAL_TIME_TEST(subprocess, tells_a_sigchld_handler_of_the_program_as_well) {
  hocket::signal_receiver signals{SIGCHLD};
  auto child = co_await create_subprocess_exec({"true"});
  EXPECT_EQ(co_await signals.receive(), SIGCHLD);
  EXPECT_EQ(co_await child.wait(), 0);
}

HOCKET_REAL_TIME_TEST(subprocess, of_a_cancelled_task_is_never_started) {
  auto starting = hocket::create_task([]() -> coro<int> {
    hocket::current_task().cancel();
    const auto child = co_await create_subprocess_exec({"no-such-program"});
    co_return child.pid();
  }());
  EXPECT_TRUE(co_await hocket::testing::ends_cancelled(starting));
}

TEST(subprocess, is_cancelled_anywhere_and_leaves_nothing) {
  const auto before = hocket::testing::count_open_numbers();
  const auto report = hocket::testing::cancel_at_every_suspension([]() -> coro<void> {
    auto child = co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe, .stdout_ = pipe, .kill_group = true});
    co_await child.communicate("text");
  });
  EXPECT_GE(report.runs, 3U);
  EXPECT_FALSE(has_children());
  EXPECT_EQ(hocket::testing::count_open_numbers(), before);
}

HOCKET_REAL_TIME_TEST(subprocess, that_follows_a_file_tells_what_is_appended_and_goes_with_the_task) {
  const hocket::testing::temporary_directory place;
  const std::string path = place / "log";
  hocket::testing::write_file(path, "one\n");
  auto child = co_await create_subprocess_exec({"tail", "-f", path}, {.stdout_ = pipe});
  EXPECT_EQ(co_await child.stdout().readline(), "one\n");
  auto next = create_task(
      [](hocket::stream_reader& from) -> coro<std::string> { co_return co_await from.readline(); }(child.stdout()));
  co_await hocket::testing::wait_all_tasks_blocked();
  std::ofstream(path, std::ios::app) << "two\n";
  EXPECT_EQ(co_await next, "two\n");
  child.terminate();
  EXPECT_EQ(co_await child.wait(), -SIGTERM);
  EXPECT_FALSE(has_children());
}

// ---- many

coro<int> run_true(hocket::semaphore& few) {
  const auto turn = co_await few.scoped_acquire();
  auto child = co_await create_subprocess_exec({"/bin/true"}, {.stdout_ = pipe});
  co_await child.communicate();
  co_return *child.returncode();
}

std::size_t soak() {
  const char* const set = std::getenv("HOCKET_SOAK");
  return set != nullptr ? static_cast<std::size_t>(std::atoll(set)) : 300;
}

HOCKET_REAL_TIME_TEST(subprocess, in_their_hundreds_leave_no_zombie_and_no_descriptor) {
  const auto before = hocket::testing::count_open_numbers();
  hocket::semaphore few(16);
  std::vector<coro<int>> all;
  for (std::size_t n = soak(); n > 0; --n) all.push_back(run_true(few));
  const auto codes = co_await hocket::gather(std::move(all));
  EXPECT_EQ(std::ranges::count(codes, 0), static_cast<std::ptrdiff_t>(codes.size()));
  EXPECT_FALSE(has_children());
  EXPECT_LE(hocket::testing::count_open_numbers(), before + 1);  // epoll makes one when it first needs it
}

coro<void> run_some() {
  for (int n = 0; n < 20; ++n) {
    auto child = co_await create_subprocess_exec({"cat"}, {.stdin_ = pipe, .stdout_ = pipe});
    const auto [out, err] = co_await child.communicate("text " + std::to_string(n));
    EXPECT_EQ(out, "text " + std::to_string(n));
  }
}

TEST(subprocess, of_several_loops_do_not_disturb_each_other) {
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) threads.emplace_back([] { hocket::run(run_some()); });
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(has_children());
}

HOCKET_REAL_TIME_TEST(subprocess, is_not_disturbed_by_a_storm_of_signals) {
  std::atomic<bool> enough = false;
  std::size_t heard = 0;
  loop::running().add_signal_handler(SIGUSR1, [&] { ++heard; });
  std::jthread storm([&] {
    while (!enough) {
      ::kill(::getpid(), SIGUSR1);
      std::this_thread::yield();
    }
  });
  co_await run_some();
  enough = true;
  storm.join();
  loop::running().remove_signal_handler(SIGUSR1);  // it refers to this frame
  EXPECT_GT(heard, 0U);
}

// ---- the end of the parent

coro<void> start_orphans(int report) {
  auto mortal = co_await create_subprocess_exec({"sleep", "1000"}, {.death_signal = SIGKILL});
  auto immortal = co_await create_subprocess_exec({"sleep", "1000"});
  const pid_t pids[] = {mortal.pid(), immortal.pid()};
  if (::write(report, pids, sizeof pids) == sizeof pids) ::kill(::getpid(), SIGKILL);
}

TEST(subprocess, with_a_death_signal_dies_with_a_parent_that_is_killed) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t parent = ::fork();
  if (parent == 0) {
    hocket::run(start_orphans(ends[1]));
    ::_exit(1);
  }
  ::close(ends[1]);
  pid_t pids[2] = {};
  ASSERT_EQ(TEMP_FAILURE_RETRY(::read(ends[0], pids, sizeof pids)), static_cast<ssize_t>(sizeof pids));
  ::close(ends[0]);
  int status = 0;
  TEMP_FAILURE_RETRY(::waitpid(parent, &status, 0));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(TEMP_FAILURE_RETRY(::waitpid(pids[0], &status, 0)), pids[0]);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_TRUE(is_alive(pids[1]));
  ::kill(pids[1], SIGTERM);
  EXPECT_EQ(TEMP_FAILURE_RETRY(::waitpid(pids[1], &status, 0)), pids[1]);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

}  // namespace
