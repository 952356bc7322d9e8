#pragma once

#include <cstddef>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <linux/fs.h>

#include <hocket/base/function.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/io/file_system_operations.hpp>

/// Paths: what they stand for, making, renaming and removing it, and what is in a folder.
///
/// Each suspends the task, not the loop. Paths are taken from the working directory; a null byte in one is EINVAL. Errors are
/// std::system_error, whose words name the path. Cancelling one that the system has begun may come too late: then it is done,
/// and the request waits for the next await. Counterpart: aiofiles.os, pathlib.
namespace hocket {

/// What is at `path`; behind symbolic links, what they lead to. stat(2).
[[nodiscard]] inline detail::stat_operation stat(std::string path) { return {std::move(path), 0}; }
/// The same of a symbolic link itself. lstat(2).
[[nodiscard]] inline detail::stat_operation lstat(std::string path) { return {std::move(path), AT_SYMLINK_NOFOLLOW}; }

/// Whether there is something at `path`. Throws where that cannot be known, as in a folder that may not be searched.
[[nodiscard]] coro<bool> exists(std::string path);

struct rename_options {
  /// Whether it may take the place of what is there; otherwise that is EEXIST.
  bool replace = true;
};

/// Gives what is at `from` the path `to`, in one step that everybody sees as one. Between file systems it is EXDEV. rename(2).
[[nodiscard]] inline detail::rename_operation rename(std::string from, std::string to, rename_options options = {}) {
  return {std::move(from), std::move(to), options.replace ? 0U : unsigned{RENAME_NOREPLACE}};
}

/// A further path for what is at `there`. link(2).
[[nodiscard]] inline detail::link_operation link(std::string there, std::string further) {
  return {std::move(there), std::move(further)};
}
/// A symbolic link at `path` that says `target`. symlink(2).
[[nodiscard]] inline detail::symlink_operation symlink(std::string target, std::string path) {
  return {std::move(target), std::move(path)};
}
/// What the symbolic link at `path` says. readlink(2).
[[nodiscard]] inline detail::read_link_operation read_link(std::string path) {
  return detail::read_link_operation(std::move(path));
}

/// A new folder. mkdir(2).
[[nodiscard]] inline detail::mkdir_operation mkdir(std::string path, unsigned mode = 0777) {
  return {std::move(path), mode};
}

struct makedirs_options {
  unsigned mode = 0777;
  /// Whether the folder may be there already; those above it always may.
  bool exist_ok = false;
};
/// A new folder, with those above it that are missing.
[[nodiscard]] coro<void> makedirs(std::string path, makedirs_options options = {});

/// Removes what is at `path` and is no folder; of a symbolic link, the link. unlink(2).
[[nodiscard]] inline detail::remove_operation remove(std::string path) { return {std::move(path), 0}; }
/// Removes a folder that is empty. rmdir(2).
[[nodiscard]] inline detail::remove_operation rmdir(std::string path) { return {std::move(path), AT_REMOVEDIR}; }
/// Removes a folder with all that is in it; symbolic links are not followed, and `path` must not be one. What others remove meanwhile is no error. If it
/// throws, some of it is left. Not for folders in which others, who are not trusted, may rename. Counterpart: shutil.rmtree.
[[nodiscard]] coro<void> remove_tree(std::string path);

/// The entries of a folder one after the other, in the system's order, `.` and `..` left out. Read from the system some
/// thousand at a time, on the blocking pool. Counterpart: aiofiles.os.scandir.
[[nodiscard]] async_generator<directory_entry> scan_directory(std::string path);

/// The longest list that `list_directory` and `walk` make of one folder.
inline constexpr std::size_t most_entries = 1'000'000;

/// All entries of a folder, by name. Throws hocket::error if there are more than `most`. Counterpart: aiofiles.os.listdir.
[[nodiscard]] coro<std::vector<directory_entry>> list_directory(std::string path, std::size_t most = most_entries);

/// One folder of a walk.
struct walk_step {
  std::string path;
  std::vector<directory_entry> directories;  // by name
  std::vector<directory_entry> files;        // everything else, symbolic links to folders too; by name
};

struct walk_options {
  /// Told of a folder that cannot be listed, for instance because it was removed meanwhile; the walk goes on with the next.
  /// Without it the walk ends there, and throws.
  function<void(const std::system_error&)> on_error{};
  std::size_t most_in_a_folder = most_entries;
};

/// A folder and all those below it, each before those in it, by name. Symbolic links are not followed. What is added or removed
/// meanwhile may be seen or not. Counterpart: os.walk, Path.walk, which tell of no error unless asked to.
[[nodiscard]] async_generator<walk_step> walk(std::string path, walk_options options = {});

}  // namespace hocket
