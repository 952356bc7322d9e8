#pragma once

#include <functional>
#include <span>
#include <stdexcept>
#include <string>

namespace CLI {
class App;
}

namespace hocket::app {

enum exit_code : int {
  done = 0,
  work_failed = 1,
  wrong_usage = 2,
  not_executable = 126,
  not_found = 127,
  interrupted = 130
};

/// A way out with one line for the user: "hocket crawl: cannot open ...". The line is without the program's name.
class failure : public std::runtime_error {
 public:
  failure(const std::string& line, exit_code code) : std::runtime_error(line), code_(code) {}
  [[nodiscard]] exit_code code() const noexcept { return code_; }

 private:
  exit_code code_;
};

/// What a subcommand leaves to `main` once the command line is read: to be called, giving the exit code.
using action = std::function<int()>;

// Each adds its subcommand, and sets `chosen` if it is the one that was given.
void add_crawl(CLI::App& program, action& chosen);
void add_get(CLI::App& program, action& chosen);
void add_graph(CLI::App& program, action& chosen);
void add_patch(CLI::App& program, action& chosen);
void add_ps(CLI::App& program, action& chosen);
void add_pstree(CLI::App& program, action& chosen);
void add_report(CLI::App& program, action& chosen);
void add_serve(CLI::App& program, action& chosen);
void add_top(CLI::App& program, action& chosen);

/// Keeps the program that `hocket patch` is to run, with its arguments, whatever these look like: a program's are no options of hocket's. How many words are
/// hocket's own, of this and of any other command.
[[nodiscard]] int keep_command_to_patch(std::span<char*> words);

/// While one exists SIGTERM cancels the main task of the loop that ran when it was made, as Ctrl-C does; a second one ends the
/// process at once. Must not outlive that loop.
class sigterm_guard {
 public:
  sigterm_guard();
  ~sigterm_guard();
  sigterm_guard(const sigterm_guard&) = delete;
};
/// True if SIGTERM came to a guard.
[[nodiscard]] bool sigterm_came() noexcept;

/// Puts something in the place of standard streams that are closed (`>&-`), which cannot be read or written: otherwise the next socket would
/// stand there, and get what is printed.
void keep_standard_streams() noexcept;

/// Lets the process open as many files as the system allows it to.
void raise_open_files_limit() noexcept;

}  // namespace hocket::app
