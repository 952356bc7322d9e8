#pragma once

// What surrounds the idea in the network programs: a command line, errors in one line, an orderly end.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/hocket.hpp>

#include "command_line.hpp"

/// While it exists SIGTERM cancels the main task of the running loop, as Ctrl-C does. A second one ends the process at once.
class sigterm_guard {
 public:
  sigterm_guard() {
    interrupted_loop = &hocket::loop::running();
    std::signal(SIGTERM, [](int) {
      if (hocket::loop* main = interrupted_loop.exchange(nullptr))
        main->notify();
      else
        ::_exit(128 + SIGTERM);
    });
  }
  ~sigterm_guard() { std::signal(SIGTERM, SIG_DFL); }
  sigterm_guard(const sigterm_guard&) = delete;

 private:
  static inline std::atomic<hocket::loop*> interrupted_loop{nullptr};
};

inline hocket::coro<void> run_until_sigterm(hocket::coro<void> main) {
  const sigterm_guard guard;
  co_await std::move(main);
}

/// Runs `main` and gives the exit code: 0, also after SIGTERM; 1 and one line for what `main` throws.
inline int run_program(const CLI::App& options, hocket::coro<void> main) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // each line is seen at once, by who reads from a pipe too
  try {
    hocket::run(run_until_sigterm(std::move(main)));
    return 0;
  } catch (const hocket::cancelled&) {  // by SIGTERM: Ctrl-C would have ended the process
    return 0;
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{}: {}\n", options.get_name(), failure.what());
    return 1;
  }
}
