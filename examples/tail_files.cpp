// Shows what is appended to files, as `tail -F` does: each in a task of its own, which looks ten times a second. A file may come
// later, be cut off, or be replaced by another.
// Run: tail_files FILE ...
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "program.hpp"

using namespace std::chrono_literals;

constexpr std::size_t longest_line = 1 << 16;  // what is longer is shown in pieces

// Whole lines only; what has no end yet stays in `line`.
hocket::coro<void> show_news(const std::string& path, hocket::file& opened, std::string& line) {
  if (opened.size() < opened.seek(0, SEEK_CUR)) opened.seek(0);  // it was cut off
  std::string block(longest_line, '\0');
  while (const std::size_t count = co_await opened.read(block)) {
    for (std::string_view news(block.data(), count); !news.empty();) {
      const auto piece = news.substr(0, news.find('\n') + 1);  // all of it, if there is no end
      line += piece.empty() ? news : piece;
      news.remove_prefix(piece.empty() ? news.size() : piece.size());
      if (line.ends_with('\n') || line.size() >= longest_line) fmt::print("{}: {}", path, std::exchange(line, {}));
    }
  }
}

hocket::coro<void> follow(std::string path) {
  hocket::file opened;
  hocket::file_status seen;  // of what is open
  std::string line;
  for (bool is_first = true;; is_first = false) {
    const auto now = co_await hocket::as_expected(hocket::stat(path));
    if (opened.is_open()) co_await show_news(path, opened, line);  // of the old one to its end
    if (now && !(opened.is_open() && now->is_same_file(seen))) {
      auto found = co_await hocket::as_expected(hocket::file::open(path));
      const auto still = co_await hocket::as_expected(hocket::stat(path));
      if (found && still && still->is_same_file(*now)) {  // else it is just being replaced
        opened = std::move(*found);
        if (is_first) opened.seek(0, SEEK_END);
        seen = *now;
        line.clear();
        continue;
      }
    }
    co_await hocket::sleep(100ms);
  }
}

hocket::coro<void> follow_all(const std::vector<std::string>& paths) {
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    for (const std::string& path : paths) group.create_task(follow(path));
    co_return;
  });
}

int main(int argc, char** argv) {
  std::vector<std::string> paths;
  CLI::App options("Shows what is appended to files.", "tail_files");
  options.add_option("FILE", paths, "what to follow")->required();
  read_command_line(options, argc, argv);
  return run_program(options, follow_all(paths));
}
