// Keeps programs running: one that fails begins again, after a pause that doubles each time, and back to the first one once it ran well.
// Run: supervisor 'COMMAND' ['COMMAND' ...]. Ctrl-C or SIGTERM ends them all, gently first. SIGHUP asks who is there.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"

using namespace std::chrono_literals;
namespace subprocess = hocket::subprocess;
using seconds = std::chrono::duration<double>;

struct arguments {
  std::vector<std::string> commands;
  seconds pause = 1s;  // before the first restart
  seconds longest_pause = 60s;
  unsigned most_failures = 10;  // in a row
};

struct service {
  std::string command;
  pid_t pid = 0;
};

// SIGTERM for all that the command has started; who is deaf to it is killed with the process object.
hocket::coro<void> end(subprocess::process& child) {
  if (child.returncode()) co_return;
  child.send_signal_to_group(SIGTERM);
  co_await hocket::move_on_after(5s, child.wait());
}

hocket::coro<void> pass_on(const service& self, subprocess::process& child) {
  auto lines = child.stdout().lines();
  while (auto line = co_await lines.next()) fmt::print("{}: {}", self.command, *line);
}

hocket::coro<int> run_once(service& self) {
  auto child = co_await hocket::create_subprocess_shell(
      self.command, {.stdout_ = subprocess::pipe, .stderr_ = subprocess::to_stdout, .kill_group = true});
  self.pid = child.pid();
  const auto watch = [&]() -> hocket::coro<int> {
    int code = 0;
    co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
      auto output = group.create_task(pass_on(self, child));
      code = co_await child.wait();
      co_await hocket::move_on_after(1s, output);  // what it has said last; a child of its own may say more, for ever
    });
    co_return code;
  };
  co_return co_await hocket::finally(watch(), [&]() -> hocket::coro<void> { co_await end(child); });
}

// Nothing but a cancellation stops a service for good: also what cannot be begun, or writes lines without end, begins again.
hocket::coro<std::string> what_ended(service& self) {
  try {
    const int code = co_await run_once(self);
    if (code == 0) co_return "";
    co_return fmt::format("{} {}", code < 0 ? "killed by signal" : "failed with", std::abs(code));
  } catch (const std::exception& failed) {
    co_return failed.what();
  }
}

hocket::coro<void> supervise(service& self, const arguments& given) {
  auto pause = given.pause;
  for (unsigned failures = 0; failures < given.most_failures; ++failures) {
    const auto begin = hocket::loop::running().time();
    const std::string problem = co_await what_ended(self);
    self.pid = 0;
    if (problem.empty()) co_return fmt::print("{}: done\n", self.command);
    if (hocket::loop::running().time() - begin > given.longest_pause) pause = given.pause, failures = 0;  // it ran well
    fmt::print("{}: {}, again in {:g} s\n", self.command, problem, pause.count());
    co_await hocket::sleep(std::chrono::duration_cast<hocket::duration>(pause));
    pause = std::min(2 * pause, given.longest_pause);
  }
  fmt::print("{}: given up\n", self.command);
}

hocket::coro<void> tell_who_is_there(const std::vector<service>& all) {
  hocket::signal_receiver asked{SIGHUP};
  for (;;) {
    co_await asked.receive();
    for (const service& each : all) fmt::print("{}: {}\n", each.command, each.pid != 0 ? "running" : "not running");
  }
}

hocket::coro<void> supervise_all(const arguments& given) {
  std::vector<service> all;
  for (const auto& command : given.commands) all.push_back({.command = command});
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    auto teller = group.create_task(tell_who_is_there(all));
    std::vector<hocket::coro<void>> work;
    for (service& each : all) work.push_back(supervise(each, given));
    co_await hocket::gather(std::move(work));
    teller.cancel();
  });
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Keeps programs running.", "supervisor");
  options.add_option("COMMAND", given.commands, "what to run, for the shell")->required();
  double pause = 1;
  options.add_option("--pause", pause, "seconds before the first restart")
      ->check(between_zero_and(3600))
      ->capture_default_str();
  options.add_option("--most-failures", given.most_failures, "in a row, then it is given up")->capture_default_str();
  read_command_line(options, argc, argv);
  given.pause = seconds(pause);
  return run_program(options, supervise_all(given));
}
