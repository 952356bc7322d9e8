#pragma once

#include <cstdint>
#include <string>

#include <hocket/graph/changes.hpp>

namespace hocket::app {

/// The folder of a crawl that is made again: the new files are written aside, and take the place of the old ones when they are complete.
///
/// However the program ends, the folder has all files of the one crawl or, from the moment when those of the other one are complete, all of that
/// one: an exchange that was interrupted is completed by the next `refreshed_folder`. Nobody else writes the folder meanwhile.
class refreshed_folder {
 public:
  /// Throws `failure`: there is no crawl in the folder (wrong usage), or somebody writes it.
  explicit refreshed_folder(std::string directory);
  /// Takes away what is new and has not taken its place.
  ~refreshed_folder();
  refreshed_folder(const refreshed_folder&) = delete;

  /// Where the new files are to be written.
  [[nodiscard]] const std::string& aside() const noexcept { return aside_; }

  /// Writes how the new crawl differs from the old one beside it, into changes.tsv and summary.json, and puts the new one in its place. Blocks.
  /// Throws `failure`, `hocket::error`; then all is as it was.
  graph::change_counts exchange(std::uint64_t not_modified);

 private:
  void lock();

  std::string directory_;
  std::string aside_;
  int locked_ = -1;  // links.tsv of the old crawl
};

}  // namespace hocket::app
