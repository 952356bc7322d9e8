#include "inspect_command.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>

#include <hocket/base/json_string.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/inspect/read_core.hpp>
#include <hocket/inspect/read_process.hpp>
#include <hocket/inspect/sampler.hpp>
#include <hocket/inspect/task_text.hpp>
#include <hocket/inspect/unreadable.hpp>

#include "inspect_json.hpp"
#include "process_end.hpp"
#include "watch.hpp"

namespace hocket::app {
namespace {

constexpr std::uint64_t fewest_samples = 30;  // that say something
constexpr auto nothing_found = "no process with hocket in it runs here that may be read";

struct inspect_arguments {
  pid_t process = 0;
  bool all = false;
  bool json = false;
  bool no_stop = false;
  std::string core;
  std::string program;  // that left the core dump
  std::string watch;    // seconds; "true": as many as usual; empty: once
  double sample_seconds = 0;
};

/// Processes that are sampled, all at once, for as long as that was asked for.
class samplers {
 public:
  samplers(std::span<const pid_t> processes, std::chrono::duration<double> length) {
    if (length.count() <= 0) return;
    for (const pid_t each : processes) {
      try {
        all_.try_emplace(each, each);
      } catch (const inspect::unreadable&) {  // which is told where it is read
      }
    }
    if (!all_.empty()) wait(length);
  }

  /// Reads a process now, and adds what its tasks used meanwhile. Throws as `inspect::read_process`.
  inspect::snapshot read(pid_t process, const inspect::read_options& options) {
    using inspect::unreadable;
    const auto found = all_.find(process);
    if (found == all_.end()) return inspect::read_process(process, options);
    try {
      inspect::snapshot seen = inspect::read_process(process, options);
      found->second.sampler.add_to(seen);
      return seen;
    } catch (const unreadable& problem) {
      if (problem.why() != unreadable::reason::no_such_process) throw;
      throw unreadable(problem.why(),
                       fmt::format("process {} has ended while it was sampled, after {:.1f} s", process, seconds_));
    }
  }

 private:
  struct sampled_process {
    explicit sampled_process(pid_t process) : end(process), sampler(process) {}
    process_end end;
    inspect::sampler sampler;
  };

  // No longer than until all of them have ended, or a signal comes that is kept back: see watch().
  void wait(std::chrono::duration<double> length) {
    using steady_clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds longest(50);
    std::vector<pollfd> alive;
    for (const auto& [process, each] : all_)
      alive.push_back({.fd = each.end.descriptor(), .events = POLLIN, .revents = 0});
    const auto begin = steady_clock::now();
    const auto end = begin + std::chrono::duration_cast<steady_clock::duration>(length);
    sigset_t pending{};
    while (!alive.empty() && steady_clock::now() < end) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now());
      ::poll(alive.data(), alive.size(), static_cast<int>(std::min(left, longest).count()));
      std::erase_if(alive, [](const pollfd& each) { return each.revents != 0; });
      ::sigpending(&pending);
      if (::sigismember(&pending, SIGINT) == 1 || ::sigismember(&pending, SIGTERM) == 1) break;
    }
    seconds_ = std::chrono::duration<double>(steady_clock::now() - begin).count();
  }

  std::map<pid_t, sampled_process> all_;
  double seconds_ = 0;  // for which they were sampled
};

// What is to be printed, and what there is to say of it.
struct output {
  std::string text;
  std::string remarks;  // lines
};

output output_of(pid_t process, samplers& sampled, const inspect_arguments& arguments, const inspect_command& command) {
  const inspect::snapshot seen = sampled.read(process, {.stop = !arguments.no_stop});
  if (arguments.json) return {.text = inspect_json(fmt::format("\"process\":{}", process), seen)};
  output made{.text = command.text(seen)};
  if (arguments.all) made.text.insert(0, fmt::format("process {}: {}\n", process, command_line(process)));
  const std::uint64_t samples = seen.sampled ? seen.sampled->samples : 0;
  if (arguments.sample_seconds > 0 && samples < fewest_samples)
    made.remarks = fmt::format("hocket {}: process {}: only {} samples, which tell little: sample longer\n",
                               command.name, process, samples);
  if (seen.torn)
    made.remarks +=
        fmt::format("hocket {}: process {} changed while it was read: tasks may be missing, or wait elsewhere{}\n",
                    command.name, process, arguments.no_stop ? " (without --no-stop it is stopped for a moment)" : "");
  return made;
}

output output_of_all(const inspect_arguments& arguments, const inspect_command& command) {
  const std::vector<pid_t> found = inspect::find_processes();
  if (found.empty()) throw failure(nothing_found, work_failed);
  samplers sampled(found, std::chrono::duration<double>(arguments.sample_seconds));
  output made;
  for (const pid_t each : found) {
    try {
      const auto& [text, remarks] = output_of(each, sampled, arguments, command);
      made.text += text;
      made.remarks += remarks;
    } catch (const inspect::unreadable& problem) {
      if (problem.why() == inspect::unreadable::reason::no_such_process) continue;  // ended meanwhile
      made.remarks += fmt::format("hocket {}: {}\n", command.name, problem.what());
    }
  }
  if (made.text.empty() && made.remarks.empty()) throw failure(nothing_found, work_failed);
  return made;
}

output output_of_core(const inspect_arguments& arguments, const inspect_command& command) {
  const inspect::snapshot seen = inspect::read_core(arguments.core, arguments.program);
  if (arguments.json) {
    std::string file = "\"core\":";
    append_json_string(file, arguments.core);
    return {.text = inspect_json(file, seen)};
  }
  output made{.text = command.text(seen)};
  if (seen.torn)
    made.remarks =
        fmt::format("hocket {}: the process ended in the middle of a change: tasks may be missing, or wait elsewhere\n",
                    command.name);
  return made;
}

output output_of(const inspect_arguments& arguments, const inspect_command& command) {
  if (arguments.all) return output_of_all(arguments, command);
  if (!arguments.core.empty()) return output_of_core(arguments, command);
  samplers sampled(std::span(&arguments.process, 1), std::chrono::duration<double>(arguments.sample_seconds));
  return output_of(arguments.process, sampled, arguments, command);
}

double seconds_of(const std::string& text, const inspect_command& command) {
  if (text == "true") return 1;
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds >= 0.01 && seconds <= 86'400))
    throw failure(
        fmt::format("--watch={}: give seconds, from 0.01 to 86400 (see hocket {} --help)", text, command.name),
        wrong_usage);
  return seconds;
}

// A process that has ended meanwhile is the end of watching it; what may pass is told, and waited for; of one that was never there the
// error is told.
int watch_output(const inspect_arguments& arguments, const inspect_command& command) {
  const std::chrono::duration<double> interval(seconds_of(arguments.watch, command));
  const std::string title = fmt::format("hocket {} {}, every {} s (Ctrl-C ends)", command.name,
                                        arguments.all ? "--all" : std::to_string(arguments.process), interval.count());
  bool was_there = false;
  return watch(interval, title, arguments.json ? "" : "\n", [&]() -> std::optional<std::string> {
    try {
      const output now = output_of(arguments, command);
      was_there = true;
      return now.text + (arguments.json ? "" : now.remarks);
    } catch (const inspect::unreadable& problem) {
      if (!was_there) throw;
      const std::string line = fmt::format("hocket {}: {}\n", command.name, problem.what());
      if (may_pass(problem) && !arguments.json) return line;
      if (may_pass(problem)) {
        fmt::print(stderr, "{}", line);
        return "";
      }
      if (problem.why() != inspect::unreadable::reason::no_such_process) throw;
      fmt::print(stderr, "hocket {}: process {} has ended\n", command.name, arguments.process);
      return std::nullopt;
    }
  });
}

int run(const inspect_arguments& arguments, const inspect_command& command) {
  if ((arguments.process != 0) + arguments.all + !arguments.core.empty() != 1)
    throw failure(fmt::format("give a process, --all or --core (see hocket {} --help)", command.name), wrong_usage);
  if (!arguments.watch.empty()) return watch_output(arguments, command);
  const auto& [text, remarks] = output_of(arguments, command);
  fmt::print("{}", text);
  fmt::print(stderr, "{}", remarks);
  return text.empty() ? work_failed : done;
}

}  // namespace

bool may_pass(const inspect::unreadable& problem) noexcept {
  using reason = inspect::unreadable::reason;
  return problem.why() == reason::traced || problem.why() == reason::unstoppable || problem.why() == reason::corrupted;
}

std::string command_line(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", process));
  std::string line;
  for (char each = 0; line.size() < 1000 && file.get(each);) line += each == '\0' ? ' ' : each;
  if (line.ends_with(' ')) line.pop_back();
  return printable(line);
}

void add_inspect_command(CLI::App& program, action& chosen, const inspect_command& added) {
  auto arguments = std::make_shared<inspect_arguments>();
  CLI::App* command = program.add_subcommand(added.name, added.description);
  command->add_option("PID", arguments->process, "the process to look into")->check(CLI::Range(1, 1 << 30));
  command->add_flag("--all", arguments->all, "every process with hocket in it that may be read");
  auto* const core = command->add_option("--core", arguments->core, "a core dump, instead of a process");
  core->type_name("FILE");
  command->add_option("--exe", arguments->program, "the program that left the core dump, if it is elsewhere now")
      ->type_name("FILE")
      ->needs(core);
  command->add_flag("--json", arguments->json, "print JSON, a line for each process");
  command->add_flag("--no-stop", arguments->no_stop, "read it as it runs, as well as that goes")->excludes(core);
  command->add_flag("--watch", arguments->watch, "again and again, until Ctrl-C; --watch=SECONDS: so often")
      ->excludes(core);
  if (added.samples)
    command
        ->add_option("--sample", arguments->sample_seconds,
                     "tell how much of a processor each task uses, by so many seconds")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 3600.0))
        ->excludes(core);
  command->callback([arguments, &chosen, added] { chosen = [arguments, added] { return run(*arguments, added); }; });
}

}  // namespace hocket::app
