#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <io/failing_operations.hpp>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>
#include <sys/resource.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

namespace filesystem = std::filesystem;
using hocket::coro;
using hocket::testing::content_of;
using hocket::testing::count_open_numbers;
using hocket::testing::every_backend;
using hocket::testing::failing_operations;
using hocket::testing::temporary_directory;
using hocket::testing::what_is_thrown;
using hocket::testing::write_file;

namespace {

std::vector<std::string> names_of(const std::vector<hocket::directory_entry>& entries) {
  std::vector<std::string> names;
  for (const auto& entry : entries) names.push_back(entry.name);
  return names;
}

// ---- stat, exists

HOCKET_TEST(stat, tells_what_is_at_a_path) {
  const temporary_directory folder;
  write_file(folder / "a", "12345");
  filesystem::permissions(folder / "a", filesystem::perms(0640));
  const auto file = co_await hocket::stat(folder / "a");
  EXPECT_TRUE(file.is_regular());
  EXPECT_EQ(file.size_bytes, 5U);
  EXPECT_EQ(file.permissions(), 0640U);
  EXPECT_EQ(file.links, 1U);
  EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - file.modified), std::chrono::hours(1));
  EXPECT_TRUE((co_await hocket::stat(folder.path())).is_directory());
}

HOCKET_TEST(stat, follows_a_symbolic_link_and_lstat_does_not) {
  const temporary_directory folder;
  write_file(folder / "a", "12345");
  co_await hocket::symlink("a", folder / "link");
  const auto behind = co_await hocket::stat(folder / "link");
  EXPECT_TRUE(behind.is_regular());
  EXPECT_TRUE(behind.is_same_file(co_await hocket::stat(folder / "a")));
  EXPECT_TRUE((co_await hocket::lstat(folder / "link")).is_symlink());
  EXPECT_EQ(co_await hocket::read_link(folder / "link"), "a");
}

HOCKET_TEST(stat, of_nothing_is_an_error_that_names_the_path) {
  EXPECT_EQ(co_await what_is_thrown(hocket::stat("/nowhere/at/all")),
            "cannot stat '/nowhere/at/all': No such file or directory");
}

HOCKET_TEST(exists, is_true_of_files_and_folders_and_false_of_nothing) {
  const temporary_directory folder;
  write_file(folder / "a", "");
  EXPECT_TRUE(co_await hocket::exists(folder / "a"));
  EXPECT_TRUE(co_await hocket::exists(folder.path()));
  EXPECT_FALSE(co_await hocket::exists(folder / "b"));
  EXPECT_FALSE(co_await hocket::exists(folder / "a/below a file"));
}

HOCKET_TEST(exists, throws_where_it_cannot_know) {
  const failing_operations denied(hocket::io_op::stat, EACCES);
  EXPECT_EQ(co_await what_is_thrown(hocket::exists("/root/a")), "cannot stat '/root/a': Permission denied");
}

// ---- rename, link, remove

HOCKET_TEST(rename, takes_the_place_of_what_is_there) {
  const temporary_directory folder;
  write_file(folder / "a", "new");
  write_file(folder / "b", "old");
  co_await hocket::rename(folder / "a", folder / "b");
  EXPECT_EQ(content_of(folder / "b"), "new");
  EXPECT_FALSE(filesystem::exists(folder / "a"));
}

HOCKET_TEST(rename, leaves_what_is_there_if_it_is_told_to) {
  const temporary_directory folder;
  write_file(folder / "a", "new");
  write_file(folder / "b", "old");
  const auto from = folder / "a";
  const auto to = folder / "b";
  EXPECT_EQ(co_await what_is_thrown(hocket::rename(from, to, {.replace = false})),
            "cannot rename '" + from + "' to '" + to + "': File exists");
  EXPECT_EQ(content_of(to), "old");
  EXPECT_EQ(content_of(from), "new");
}

HOCKET_TEST(rename, to_no_path_at_all_is_an_error_and_leaves_the_file) {
  const temporary_directory folder;
  write_file(folder / "a", "text");
  const auto nowhere = co_await hocket::as_expected(hocket::rename(folder / "a", ""));
  EXPECT_EQ(nowhere.error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(content_of(folder / "a"), "text");
}

HOCKET_TEST(link, gives_a_file_a_further_path) {
  const temporary_directory folder;
  write_file(folder / "a", "text");
  co_await hocket::link(folder / "a", folder / "b");
  EXPECT_EQ((co_await hocket::stat(folder / "b")).links, 2U);
  co_await hocket::remove(folder / "a");
  EXPECT_EQ(content_of(folder / "b"), "text");
}

HOCKET_TEST(remove, refuses_folders_and_rmdir_those_with_something_in_them) {
  const temporary_directory folder;
  co_await hocket::mkdir(folder / "sub");
  write_file(folder / "sub/a", "");
  EXPECT_EQ(co_await what_is_thrown(hocket::remove(folder / "sub")),
            "cannot remove '" + folder / "sub" + "': Is a directory");
  EXPECT_EQ(co_await what_is_thrown(hocket::rmdir(folder / "sub")),
            "cannot remove '" + folder / "sub" + "': Directory not empty");
  co_await hocket::remove(folder / "sub/a");
  co_await hocket::rmdir(folder / "sub");
  EXPECT_FALSE(filesystem::exists(folder / "sub"));
}

HOCKET_TEST(remove, takes_no_path_with_a_null_byte) {
  using namespace std::string_literals;
  const temporary_directory folder;
  write_file(folder / "a", "");
  const auto refused = co_await hocket::as_expected(hocket::remove(folder / "a\0b"s));
  EXPECT_EQ(refused.error(), std::errc::invalid_argument);
  const auto renamed = co_await hocket::as_expected(hocket::rename(folder / "a", folder / "b\0c"s));
  EXPECT_EQ(renamed.error(), std::errc::invalid_argument);
  EXPECT_TRUE(filesystem::exists(folder / "a"));
}

// ---- folders

HOCKET_TEST(makedirs, makes_all_that_are_missing) {
  const temporary_directory folder;
  co_await hocket::makedirs(folder / "a/b//c/");
  EXPECT_TRUE(filesystem::is_directory(folder / "a/b/c"));
  co_await hocket::makedirs(folder / "a/d");
  EXPECT_TRUE(filesystem::is_directory(folder / "a/d"));
}

HOCKET_TEST(makedirs, takes_one_that_is_there_only_if_told_to) {
  const temporary_directory folder;
  EXPECT_EQ(co_await what_is_thrown(hocket::makedirs(folder.path())),
            "cannot make the folder '" + folder.path() + "': File exists");
  EXPECT_EQ(co_await what_is_thrown(hocket::makedirs(folder.path(), {.exist_ok = true})), "nothing");
}

HOCKET_TEST(makedirs, names_the_file_that_is_in_the_way) {
  const temporary_directory folder;
  write_file(folder / "a", "");
  EXPECT_EQ(co_await what_is_thrown(hocket::makedirs(folder / "a", {.exist_ok = true})),
            "cannot make the folder '" + folder / "a" + "': File exists");
  EXPECT_EQ(co_await what_is_thrown(hocket::makedirs(folder / "a/b", {.exist_ok = true})),
            "cannot make the folder '" + folder / "a/b" + "': Not a directory");
}

HOCKET_TEST(list_directory, gives_the_entries_by_name_with_their_types) {
  const temporary_directory folder;
  write_file(folder / "b", "");
  co_await hocket::mkdir(folder / "a");
  co_await hocket::symlink("a", folder / "c");
  const auto entries = co_await hocket::list_directory(folder.path());
  EXPECT_EQ(names_of(entries), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(entries[0].is_directory());
  EXPECT_FALSE(entries[2].is_directory());
}

HOCKET_TEST(list_directory, gives_more_entries_than_come_at_once_and_no_more_than_it_may) {
  const temporary_directory folder;
  for (int n = 0; n < 3000; ++n) write_file(folder / std::to_string(n), "");
  EXPECT_EQ((co_await hocket::list_directory(folder.path())).size(), 3000U);
  EXPECT_EQ(co_await what_is_thrown(hocket::list_directory(folder.path(), 2999)),
            "'" + folder.path() + "' has more than 2999 entries");
}

HOCKET_TEST(list_directory, of_a_file_or_nothing_is_an_error_that_names_it) {
  const temporary_directory folder;
  write_file(folder / "a", "");
  EXPECT_EQ(co_await what_is_thrown(hocket::list_directory(folder / "a")),
            "cannot open '" + folder / "a" + "': Not a directory");
  const failing_operations broken(hocket::io_op::read_directory, EIO);
  EXPECT_EQ(co_await what_is_thrown(hocket::list_directory(folder.path())),
            "cannot list '" + folder.path() + "': Input/output error");
}

HOCKET_TEST(scan_directory, gives_each_entry_once) {
  const temporary_directory folder;
  for (int n = 0; n < 2000; ++n) write_file(folder / std::to_string(n), "");
  std::vector<std::string> names;
  auto entries = hocket::scan_directory(folder.path());
  while (auto entry = co_await entries.next()) names.push_back(std::move(entry->name));
  std::ranges::sort(names);
  EXPECT_EQ(names.size(), 2000U);
  EXPECT_EQ(std::ranges::unique(names).size(), 0U);
}

HOCKET_TEST(scan_directory, that_is_left_early_closes_the_folder) {
  const temporary_directory folder;
  write_file(folder / "a", "");
  write_file(folder / "b", "");
  const std::size_t before = count_open_numbers();
  {
    auto entries = hocket::scan_directory(folder.path());
    static_cast<void>(co_await entries.next());
  }
  EXPECT_EQ(count_open_numbers(), before);
}

// ---- walk, remove_tree

void make_tree(const temporary_directory& folder) {
  filesystem::create_directories(folder / "b/d");
  filesystem::create_directories(folder / "c");
  for (const auto* name : {"a", "b/e", "b/d/f", "c/g"}) write_file(folder / name, name);
  filesystem::create_directory_symlink("..", folder / "c/up");
}

coro<std::vector<std::string>> walked(hocket::async_generator<hocket::walk_step> steps, std::size_t prefix) {
  std::vector<std::string> all;
  while (auto step = co_await steps.next()) {
    std::string line = step->path.substr(prefix) + ":";
    for (const auto& each : step->directories) line += " " + each.name + "/";
    for (const auto& each : step->files) line += " " + each.name;
    all.push_back(line);
  }
  co_return all;
}

HOCKET_TEST(walk, shows_each_folder_before_those_in_it_and_follows_no_link) {
  const temporary_directory folder;
  make_tree(folder);
  EXPECT_EQ(co_await walked(hocket::walk(folder.path()), folder.path().size()),
            (std::vector<std::string>{": b/ c/ a", "/b: d/ e", "/b/d: f", "/c: g up"}));
}

HOCKET_TEST(walk, of_a_folder_that_is_removed_meanwhile_throws_an_error_that_names_it) {
  const temporary_directory folder;
  make_tree(folder);
  auto steps = hocket::walk(folder.path());
  static_cast<void>(co_await steps.next());
  filesystem::remove_all(folder / "b");
  EXPECT_EQ(co_await what_is_thrown(steps), "cannot open '" + folder / "b" + "': No such file or directory");
}

HOCKET_TEST(walk, goes_on_behind_a_folder_that_is_removed_meanwhile_if_somebody_hears_of_it) {
  const temporary_directory folder;
  make_tree(folder);
  std::vector<std::string> told;
  auto steps = hocket::walk(folder.path(), {.on_error = [&](const auto& error) { told.emplace_back(error.what()); }});
  static_cast<void>(co_await steps.next());
  filesystem::remove_all(folder / "b");
  EXPECT_EQ(co_await walked(std::move(steps), folder.path().size()), std::vector<std::string>{"/c: g up"});
  EXPECT_EQ(told, std::vector<std::string>{"cannot open '" + folder / "b" + "': No such file or directory"});
}

HOCKET_TEST(remove_tree, removes_everything_and_nothing_behind_a_link) {
  const temporary_directory folder;
  const temporary_directory other;
  make_tree(folder);
  write_file(other / "kept", "");
  filesystem::create_directory_symlink(other.path(), folder / "b/d/out");
  co_await hocket::remove_tree(folder / "b");
  EXPECT_FALSE(filesystem::exists(folder / "b"));
  EXPECT_TRUE(filesystem::exists(other / "kept"));
  EXPECT_TRUE(filesystem::exists(folder / "c/g"));
}

HOCKET_TEST(remove_tree, refuses_a_link_and_leaves_what_it_leads_to) {
  const temporary_directory folder;
  const temporary_directory other;
  write_file(other / "kept", "");
  filesystem::create_directory_symlink(other.path(), folder / "link");
  const auto outcome = co_await hocket::as_result(hocket::remove_tree(folder / "link"));
  EXPECT_FALSE(outcome);
  EXPECT_TRUE(filesystem::exists(other / "kept"));
  EXPECT_TRUE(filesystem::is_symlink(folder / "link"));
}

HOCKET_TEST(remove_tree, removes_folders_with_thousands_of_entries) {
  const temporary_directory folder;
  filesystem::create_directory(folder / "a");
  for (int n = 0; n < 3000; ++n) write_file(folder / ("a/" + std::to_string(n)), "");
  co_await hocket::remove_tree(folder / "a");
  EXPECT_FALSE(filesystem::exists(folder / "a"));
}

HOCKET_TEST(remove_tree, removes_a_tree_deeper_than_a_process_may_have_descriptors) {
  const temporary_directory folder;
  std::string deep = folder / "a";
  for (int n = 0; n < 300; ++n) deep += "/a";
  filesystem::create_directories(deep);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const auto outcome = co_await hocket::as_result(hocket::remove_tree(folder / "a"));
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(outcome);
  EXPECT_FALSE(filesystem::exists(folder / "a"));
}

HOCKET_TEST(remove_tree, names_what_it_could_not_remove) {
  const temporary_directory folder;
  make_tree(folder);
  failing_operations broken(hocket::io_op::remove, EIO);
  broken.left = 1;
  EXPECT_EQ((co_await what_is_thrown(hocket::remove_tree(folder / "b/d"))),
            "cannot remove '" + folder / "b/d/f" + "': Input/output error");
  EXPECT_EQ(co_await what_is_thrown(hocket::remove_tree(folder / "nothing")),
            "cannot remove '" + folder / "nothing" + "': No such file or directory");
}

// ---- everywhere

coro<void> use_everything(const temporary_directory& folder) {
  const std::string base = folder / "base";
  if (filesystem::exists(base)) filesystem::remove_all(base);
  co_await hocket::makedirs(base + "/a");
  auto made = co_await hocket::file::open(base + "/a/f", O_WRONLY | O_CREAT);
  co_await hocket::rename(base + "/a/f", base + "/a/g");
  co_await hocket::link(base + "/a/g", base + "/a/h");
  co_await hocket::symlink("g", base + "/a/i");
  static_cast<void>(co_await hocket::read_link(base + "/a/i"));
  static_cast<void>(co_await hocket::stat(base));
  static_cast<void>(co_await hocket::exists(base + "/b"));
  auto steps = hocket::walk(base);
  while (co_await steps.next()) {
  }
  auto entries = hocket::scan_directory(base);
  while (co_await entries.next()) {
  }
  co_await hocket::remove_tree(base);
}

TEST(file_system, cancelled_anywhere_it_leaves_nothing_open) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    const std::size_t before = count_open_numbers();
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&]() -> coro<void> { co_await use_everything(folder); }, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_EQ(report.leaked_tasks, 0U);
    EXPECT_EQ(report.runs, report.cancelled + 1);
    EXPECT_GT(report.runs, 20U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}

TEST(file_system, of_which_anything_fails_leaves_nothing_open) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    const std::size_t before = count_open_numbers();
    const auto report = hocket::testing::fail_each_operation([&]() -> coro<void> { co_await use_everything(folder); },
                                                             {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.failed, 100U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}

}  // namespace
