// Copies a file and shows how far it has come. The copy appears when it is complete: Ctrl-C leaves what was there, and no half.
// Run: file_copy FROM TO [--keep]
#include <string>

#include <unistd.h>

#include "program.hpp"

struct arguments {
  std::string from;
  std::string to;
  bool keep = false;
};

// Stays in its line; who reads from a pipe does not want it.
void show(hocket::copy_progress progress) {
  if (::isatty(STDERR_FILENO) == 0 || progress.size_bytes == 0) return;
  fmt::print(stderr, "\r{:3}% of {} MiB", progress.copied_bytes * 100 / progress.size_bytes, progress.size_bytes >> 20);
  if (progress.copied_bytes >= progress.size_bytes) fmt::print(stderr, "\r\x1b[K");
}

hocket::coro<void> copy(const arguments& given) {
  const auto began = hocket::loop::running().time();
  const auto copied = co_await hocket::copy_file(given.from, given.to, {.replace = !given.keep, .on_progress = show});
  const std::chrono::duration<double> took = hocket::loop::running().time() - began;
  fmt::print("{} bytes in {:.2f} s -> {}\n", copied, took.count(), given.to);
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Copies a file and shows how far it has come.", "file_copy");
  options.add_option("FROM", given.from, "what to copy")->required();
  options.add_option("TO", given.to, "where the copy shall be")->required();
  options.add_flag("--keep", given.keep, "leave what is there already");
  read_command_line(options, argc, argv);
  return run_program(options, copy(given));
}
