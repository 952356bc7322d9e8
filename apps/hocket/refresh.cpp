// The new files are complete when their folder has the name `complete`: from then on they are moved, one by one, over the old ones. Old ones without a
// successor go too: an empty file "NAME.gone" among the new ones says so.

#include "refresh.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "command.hpp"
#include "graph_export.hpp"
#include "whole_file.hpp"

namespace hocket::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* perhaps_absent[] = {"items.jsonl", "nofollow.tsv", "resources.tsv",
                                          "anchors.tsv", "crawl.id",     "fragments.tsv"};
constexpr std::string_view gone = ".gone";

std::string complete_in(const std::string& directory) { return directory + "/.refreshed"; }

failure cannot(const char* what, const std::string& path, const std::string& why) {
  return failure(fmt::format("cannot {} '{}': {}", what, path, why), work_failed);
}

// So that no file is empty when the machine fails after its name has moved.
void sync(const fs::path& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int problem = number < 0 || ::fsync(number) != 0 ? errno : 0;
  if (number >= 0) ::close(number);
  if (problem != 0 && problem != EINVAL) throw cannot("write", path.string(), std::strerror(problem));
}

void move_into_place(const std::string& directory) {
  const std::string complete = complete_in(directory);
  std::error_code problem;
  if (!fs::exists(complete, problem)) return;
  for (const auto& entry : fs::directory_iterator(complete)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(gone)) {
      fs::remove(directory + "/" + name.substr(0, name.size() - gone.size()));
      fs::remove(entry.path());
    } else {
      fs::rename(entry.path(), directory + "/" + name);
    }
  }
  fs::remove(complete);
}

}  // namespace

refreshed_folder::refreshed_folder(std::string directory)
    : directory_(std::move(directory)), aside_(directory_ + "/.refresh") {
  try {
    move_into_place(directory_);
  } catch (const fs::filesystem_error& problem) {
    throw cannot("complete the refresh of", directory_, problem.code().message());
  }
  lock();
  if (::access((directory_ + "/pages.jsonl").c_str(), F_OK) == 0) return;
  ::close(locked_);
  throw failure(fmt::format("there is no crawl to refresh in '{}': begin without --refresh", directory_), wrong_usage);
}

// As `crawl::output` has it, so that nobody empties the old files meanwhile.
void refreshed_folder::lock() {
  const std::string links = directory_ + "/links.tsv";
  locked_ = ::open(links.c_str(), O_RDWR | O_CLOEXEC);
  if (locked_ < 0 && errno == ENOENT)
    throw failure(fmt::format("there is no crawl to refresh in '{}': begin without --refresh", directory_),
                  wrong_usage);
  if (locked_ < 0) throw cannot("write", links, std::strerror(errno));
  if (::flock(locked_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(locked_);
  throw failure(fmt::format("'{}' is being written by another process", links), work_failed);
}

refreshed_folder::~refreshed_folder() {
  std::error_code nobody_hears;
  fs::remove_all(aside_, nobody_hears);
  ::close(locked_);
}

graph::change_counts refreshed_folder::exchange(std::uint64_t not_modified) {
  graph::change_counts counts;
  {
    const graph::link_graph before = read_graph(directory_);
    const graph::link_graph now = read_graph(aside_);
    write_whole_file(aside_ + "/changes.tsv", [&](std::ostream& out) { counts = write_changes(out, before, now); });
  }
  add_to_summary(aside_, counts, not_modified);
  try {
    for (const char* name : perhaps_absent)
      if (!fs::exists(aside_ + "/" + name)) std::ofstream(aside_ + "/" + name + std::string(gone));
    for (const auto& entry : fs::directory_iterator(aside_)) sync(entry.path());
    fs::rename(aside_, complete_in(directory_));
    move_into_place(directory_);
  } catch (const fs::filesystem_error& problem) {
    throw cannot("replace the files in", directory_, problem.code().message());
  }
  return counts;
}

}  // namespace hocket::app
