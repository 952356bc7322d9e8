// hocket top: the tasks of another process, looked at again and again.
//
// Signals are only taken while it waits for keys, so none comes while the process is stopped, or in the middle of drawing.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <hocket/base/printable.hpp>
#include <hocket/inspect/read_process.hpp>
#include <hocket/inspect/sampler.hpp>
#include <hocket/inspect/unreadable.hpp>

#include "command.hpp"
#include "inspect_command.hpp"
#include "process_end.hpp"
#include "terminal_screen.hpp"
#include "top_page.hpp"
#include "top_state.hpp"
#include "top_table.hpp"
#include "top_view.hpp"

namespace hocket::app {
namespace {

using steady_clock = std::chrono::steady_clock;
using reason = inspect::unreadable::reason;

constexpr auto until_first_rates = std::chrono::milliseconds(200);

struct top_arguments {
  pid_t process = 0;
  double interval_seconds = 1;
  bool no_stop = false;
};

volatile std::sig_atomic_t asked_to_end = 0;  // by this signal
volatile std::sig_atomic_t continued = 0;

/// Blocks the signals that matter, but for `open`, and keeps which one came. As it was afterwards.
class taken_signals {
 public:
  taken_signals() {
    sigset_t all;
    sigemptyset(&all);
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
      take(each, all, [](int number) { asked_to_end = number; });
    take(SIGCONT, all, [](int) { continued = 1; });
    for (const int each : {SIGTSTP, SIGWINCH}) sigaddset(&all, each);  // ncurses takes these
    ::sigprocmask(SIG_BLOCK, &all, &open_);
  }
  ~taken_signals() {
    for (const auto& [number, action] : before_) ::sigaction(number, &action, nullptr);
    ::sigprocmask(SIG_SETMASK, &open_, nullptr);
  }
  taken_signals(const taken_signals&) = delete;

  /// The mask under which they come.
  [[nodiscard]] const sigset_t& open() const noexcept { return open_; }

 private:
  void take(int number, sigset_t& all, void (*handler)(int)) {
    struct sigaction before{};
    ::sigaction(number, nullptr, &before);
    if (before.sa_handler == SIG_IGN) return;  // nohup
    struct sigaction ours{};
    ours.sa_handler = handler;
    sigemptyset(&ours.sa_mask);
    ::sigaction(number, &ours, nullptr);
    sigaddset(&all, number);
    before_.emplace_back(number, before);
  }

  sigset_t open_{};
  std::vector<std::pair<int, struct sigaction>> before_;
};

enum class top_end : std::uint8_t { not_yet, quit, process_ended, terminal_gone, signal };

/// One run of it.
class top_session {
 public:
  top_session(pid_t process, const top_arguments& arguments)
      : process_(process), options_{.stop = !arguments.no_stop}, end_of_process_(process), sampler_(process) {
    state_.interval = std::chrono::milliseconds(std::llround(arguments.interval_seconds * 1000));
    subject_.name = fmt::format("{}: {}", process, command_line(process));
    take_look();  // before the screen is taken: what cannot be read is told as ever
    due_ = view_->when + std::min<steady_clock::duration>(state_.interval, until_first_rates);
  }

  top_end run() {
    const taken_signals signals;
    terminal_screen screen;
    subject_.has_blocks = screen.has_blocks();
    for (top_end end = top_end::not_yet;;) {
      show(screen);
      end = wait(signals);
      if (end != top_end::not_yet) return end;
      if (std::exchange(continued, 0) != 0) screen.forget();
      take_keys(screen);
      if (state_.quit) return top_end::quit;
      if (!state_.paused && steady_clock::now() >= due_ && !look_again()) return top_end::process_ended;
    }
  }

 private:
  void take_look() {
    inspect::snapshot seen = read();
    sampler_.add_to(seen);
    view_ = look(std::move(seen), steady_clock::now(), view_ ? &*view_ : nullptr);
  }

  /// One of which a thread does not stop is read as it runs from then on, so that the others never stand still for it again.
  inspect::snapshot read() {
    try {
      return inspect::read_process(process_, options_);
    } catch (const inspect::unreadable& problem) {
      if (problem.why() != reason::unstoppable) throw;
    }
    options_.stop = false;
    return inspect::read_process(process_, options_);
  }

  /// False if the process has ended. Other reasons may pass: a debugger, for one.
  bool look_again() {
    const auto begin = steady_clock::now();
    subject_.problem.clear();
    try {
      take_look();
    } catch (const inspect::unreadable& problem) {
      if (problem.why() == reason::no_such_process) return false;
      if (!may_pass(problem)) throw;
      subject_.problem = printable(problem.what());
    }
    const auto end = steady_clock::now();
    due_ = std::max(begin + state_.interval, end + (end - begin));  // half of the time it is left alone at least
    return true;
  }

  void sort() {
    rows_ = rows_of(*view_, state_.order);
    follow_selected(state_, *view_, rows_);
  }

  void show(terminal_screen& screen) {
    sort();
    screen.draw(page_of(*view_, rows_, state_, subject_, screen.lines(), screen.columns()));
  }

  /// Until there is a key, the next look is due, or something ends.
  top_end wait(const taken_signals& signals) {
    pollfd descriptors[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                            {.fd = end_of_process_.descriptor(), .events = POLLIN, .revents = 0}};
    const auto left = std::max(steady_clock::duration(), due_ - steady_clock::now());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec limit{seconds.count(), (left - seconds).count()};
    const int ready = ::ppoll(descriptors, std::size(descriptors), state_.paused ? nullptr : &limit, &signals.open());
    if (asked_to_end != 0) return top_end::signal;
    if (ready <= 0) return top_end::not_yet;
    if (descriptors[1].revents != 0) return top_end::process_ended;
    return (descriptors[0].revents & ~POLLIN) != 0 ? top_end::terminal_gone : top_end::not_yet;
  }

  void take_keys(terminal_screen& screen) {
    constexpr char32_t control_l = 0x0c;
    for (char32_t key = screen.read_key(); key != key_none && !state_.quit; key = screen.read_key()) {
      if (key == control_l) screen.forget();
      const auto interval = state_.interval;
      press(state_, key, *view_, rows_);
      sort();
      if (state_.interval != interval) due_ = std::min(due_, steady_clock::now() + state_.interval);
    }
  }

  pid_t process_;
  inspect::read_options options_;
  process_end end_of_process_;
  inspect::sampler sampler_;
  top_state state_;
  top_subject subject_;
  std::optional<top_view> view_;
  std::vector<std::uint32_t> rows_;
  steady_clock::time_point due_;
};

/// The one process that may be meant.
pid_t only_process() {
  const std::vector<pid_t> found = inspect::find_processes();
  if (found.empty()) throw failure("no process with hocket in it runs here that may be read", work_failed);
  if (found.size() == 1) return found.front();
  constexpr std::size_t most_named = 5;
  std::string named;
  for (std::size_t n = 0; n < std::min(found.size(), most_named); ++n)
    named += fmt::format("{}{} ({:.40})", n > 0 ? ", " : "", found[n], command_line(found[n]));
  if (found.size() > most_named) named += fmt::format(" and {} more (see hocket ps --all)", found.size() - most_named);
  throw failure(fmt::format("say which process: {}", named), wrong_usage);
}

int run(const top_arguments& arguments) {
  const pid_t process = arguments.process != 0 ? arguments.process : only_process();
  switch (top_session(process, arguments).run()) {
    case top_end::not_yet:
    case top_end::quit:
      break;
    case top_end::process_ended:
      fmt::print(stderr, "hocket top: process {} has ended\n", process);
      break;
    case top_end::terminal_gone:
      return work_failed;
    case top_end::signal:  // as whoever does not take it
      std::signal(asked_to_end, SIG_DFL);
      std::raise(asked_to_end);
      return interrupted;
  }
  return done;
}

}  // namespace

void add_top(CLI::App& program, action& chosen) {
  auto arguments = std::make_shared<top_arguments>();
  CLI::App* command = program.add_subcommand("top", "Watch the tasks of a running process");
  command->add_option("PID", arguments->process, "the process to look into; may be left out if there is only one")
      ->check(CLI::Range(1, 1 << 30));
  command->add_option("--interval", arguments->interval_seconds, "between two looks, in seconds")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_flag("--no-stop", arguments->no_stop, "read it as it runs, as well as that goes");
  command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace hocket::app
