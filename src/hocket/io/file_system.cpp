#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/file_system.hpp>

namespace hocket {
namespace detail {

static file_status::time_point to_time(const statx_timestamp& time) noexcept {
  return file_status::time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

file_status stat_operation::convert(std::int32_t) const noexcept {
  return {.mode = found_.stx_mode,
          .size_bytes = found_.stx_size,
          .allocated_bytes = found_.stx_blocks * 512,
          .modified = to_time(found_.stx_mtime),
          .accessed = to_time(found_.stx_atime),
          .changed = to_time(found_.stx_ctime),
          .made = to_time(found_.stx_btime),
          .device = (std::uint64_t{found_.stx_dev_major} << 32) | found_.stx_dev_minor,
          .inode = found_.stx_ino,
          .links = found_.stx_nlink,
          .owner = found_.stx_uid,
          .group = found_.stx_gid};
}

}  // namespace detail

namespace {

constexpr int most_tries = 100;  // to empty a folder that others fill

bool is_missing(std::error_code error) noexcept {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

std::string below(const std::string& folder, std::string_view name) {
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

coro<file> open_directory(std::string path, int more_flags = 0) {
  co_return co_await file::open(std::move(path), O_RDONLY | O_DIRECTORY | more_flags);
}

coro<bool> is_directory(const std::string& folder, const directory_entry& entry) {
  if (entry.type != DT_UNKNOWN) co_return entry.is_directory();
  const auto found = co_await as_expected(lstat(below(folder, entry.name)));
  co_return found && found->is_directory();
}

[[noreturn]] void throw_not_removed(std::error_code error, const std::string& path) {
  throw std::system_error(error, detail::what_failed_on("remove", path, {}));
}

/// Of what an operation of this folder's content says: fine, if somebody else was quicker.
template <class Outcome>
[[nodiscard]] bool was_removed_by_others(const Outcome& outcome, const std::string& path) {
  if (outcome) return false;
  if (outcome.error() != std::errc::no_such_file_or_directory) throw_not_removed(outcome.error(), path);
  return true;
}

coro<void> remove_folder(std::string path, bool must_be_there);

/// False if it is not there any more. What it is a link to is never opened; it is closed before those in it are, for trees may be deeper
/// than a process may have descriptors.
coro<bool> empty_directory(const std::string& path, bool must_be_there) {
  auto opened = co_await as_expected(file::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (!opened && must_be_there) throw_not_removed(opened.error(), path);
  if (was_removed_by_others(opened, path)) co_return false;
  file folder = std::move(*opened);
  std::vector<directory_entry> entries;
  std::vector<std::string> folders;
  while (co_await detail::read_directory_operation(folder.handle().record(), entries)) {
    for (const directory_entry& entry : entries) {
      std::string each = below(path, entry.name);
      const bool has_content = co_await is_directory(path, entry);
      if (has_content) {
        folders.push_back(std::move(each));
      } else {
        const auto outcome = co_await as_expected(remove(each));
        static_cast<void>(was_removed_by_others(outcome, each));
      }
    }
    entries.clear();
  }
  folder.close();
  for (std::string& each : folders) co_await remove_folder(std::move(each), false);
  co_return true;
}

coro<void> remove_folder(std::string path, bool must_be_there) {
  for (int tries = 1; co_await empty_directory(path, must_be_there); ++tries) {
    const auto outcome = co_await as_expected(rmdir(path));
    const bool again = !outcome && outcome.error() == std::errc::directory_not_empty && tries < most_tries;
    if (again) continue;
    static_cast<void>(was_removed_by_others(outcome, path));
    co_return;
  }
}

}  // namespace

coro<bool> exists(std::string path) {
  const auto found = co_await as_expected(stat(path));
  if (!found && !is_missing(found.error()))
    throw std::system_error(found.error(), detail::what_failed_on("stat", path, {}));
  co_return found.has_value();
}

// From the last one up until one is there, then down again.
coro<void> makedirs(std::string path, makedirs_options options) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::vector<std::string> missing;
  std::string at = path;
  for (;;) {
    const auto made = co_await as_expected(mkdir(at, options.mode));
    if (made) break;
    const std::size_t slash = at.find_last_of('/');
    const bool has_parent = slash != std::string::npos && slash > 0;
    if (made.error() == std::errc::no_such_file_or_directory && has_parent) {
      missing.push_back(at);
      at.resize(slash);
      while (at.size() > 1 && at.ends_with('/')) at.pop_back();
      continue;
    }
    // It may be there already, or have been made by somebody else meanwhile; a file in its place is an error all the same.
    const bool may_be_there = made.error() == std::errc::file_exists && (options.exist_ok || !missing.empty());
    const auto found = co_await as_expected(stat(at));
    if (may_be_there && found && found->is_directory()) break;
    throw std::system_error(made.error(), detail::what_failed_on(detail::mkdir_operation::name, at, {}));
  }
  for (; !missing.empty(); missing.pop_back()) {
    const auto made = co_await as_expected(mkdir(missing.back(), options.mode));
    const bool may_be_there = missing.size() > 1 || options.exist_ok;
    if (!made && !(may_be_there && made.error() == std::errc::file_exists))
      throw std::system_error(made.error(), detail::what_failed_on(detail::mkdir_operation::name, missing.back(), {}));
  }
}

coro<void> remove_tree(std::string path) { co_await remove_folder(std::move(path), true); }

async_generator<directory_entry> scan_directory(std::string path) {
  file folder = co_await open_directory(std::move(path));
  std::vector<directory_entry> entries;
  while (co_await detail::read_directory_operation(folder.handle().record(), entries)) {
    for (directory_entry& entry : entries) co_yield std::move(entry);
    entries.clear();
  }
}

static coro<std::vector<directory_entry>> list(std::string path, std::size_t most, int flags) {
  file folder = co_await open_directory(std::move(path), flags);
  std::vector<directory_entry> entries;
  while (co_await detail::read_directory_operation(folder.handle().record(), entries))
    if (entries.size() > most) throw error(fmt::format("'{}' has more than {} entries", folder.path(), most));
  std::ranges::sort(entries, {}, &directory_entry::name);
  co_return entries;
}

coro<std::vector<directory_entry>> list_directory(std::string path, std::size_t most) {
  co_return co_await list(std::move(path), most, 0);
}

async_generator<walk_step> walk(std::string path, walk_options options) {
  std::vector<std::string> ahead{std::move(path)};
  for (int flags = 0; !ahead.empty(); flags = O_NOFOLLOW) {  // a folder may become a link before its turn has come

    walk_step step{.path = std::move(ahead.back()), .directories = {}, .files = {}};
    ahead.pop_back();
    auto listed = co_await as_result(list(step.path, options.most_in_a_folder, flags));
    if (!listed) {
      try {
        std::rethrow_exception(listed.error());
      } catch (const std::system_error& failed) {
        if (!options.on_error) throw;
        options.on_error(failed);
      }
      continue;
    }
    for (directory_entry& entry : *listed) {
      const bool has_content = co_await is_directory(step.path, entry);
      (has_content ? step.directories : step.files).push_back(std::move(entry));
    }
    for (auto each = step.directories.rbegin(); each != step.directories.rend(); ++each)
      ahead.push_back(below(step.path, each->name));
    co_yield std::move(step);
  }
}

}  // namespace hocket
