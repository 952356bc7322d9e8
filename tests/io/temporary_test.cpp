#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <io/failing_operations.hpp>
#include <io/full_disk.hpp>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/io/temporary.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

namespace filesystem = std::filesystem;
using hocket::coro;
using hocket::testing::content_of;
using hocket::testing::count_open_numbers;
using hocket::testing::entries_of;
using hocket::testing::every_backend;
using hocket::testing::failing_operations;
using hocket::testing::what_is_thrown;
using outer_folder = hocket::testing::temporary_directory;

namespace {

HOCKET_TEST(temporary_file, has_no_name_and_is_written_and_read) {
  const outer_folder folder;
  auto made = co_await hocket::temporary_file({.directory = folder.path()});
  co_await made.write("text");
  made.seek(0);
  EXPECT_EQ(co_await made.read_all(), "text");
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
}

HOCKET_TEST(temporary_file, has_no_name_on_file_systems_that_know_no_such_files_either) {
  const outer_folder folder;
  failing_operations unknown(hocket::io_op::open, EOPNOTSUPP);
  unknown.left = 1;
  auto made = co_await hocket::temporary_file({.directory = folder.path()});
  co_await made.write("text");
  EXPECT_EQ(unknown.failed, 1U);
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
}

HOCKET_TEST(temporary_file, names_the_folder_in_which_none_can_be_made) {
  EXPECT_EQ(co_await what_is_thrown(hocket::temporary_file({.directory = "/nowhere"})),
            "cannot make a temporary file in '/nowhere': No such file or directory");
}

HOCKET_TEST(named_temporary_file, is_for_its_owner_only_and_removed_when_it_is_destroyed) {
  const outer_folder folder;
  {
    auto made = co_await hocket::named_temporary_file::make(
        {.directory = folder.path(), .prefix = "report-", .suffix = ".txt"});
    co_await made.content().write("text");
    EXPECT_TRUE(made.path().starts_with(folder / "report-"));
    EXPECT_TRUE(made.path().ends_with(".txt"));
    EXPECT_EQ(content_of(made.path()), "text");
    EXPECT_EQ((co_await hocket::stat(made.path())).permissions(), 0600U);
  }
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
}

HOCKET_TEST(named_temporary_file, takes_another_name_if_its_own_is_taken_and_gives_up_some_day) {
  const outer_folder folder;
  {
    failing_operations taken(hocket::io_op::open, EEXIST);
    taken.left = 5;
    const auto made = co_await hocket::named_temporary_file::make({.directory = folder.path()});
    EXPECT_EQ(entries_of(folder.path()).size(), 1U);
  }
  const failing_operations taken(hocket::io_op::open, EEXIST);
  EXPECT_EQ(co_await what_is_thrown(hocket::named_temporary_file::make({.directory = folder.path()})),
            "cannot make a temporary file in '" + folder.path() + "': File exists");
  EXPECT_EQ(taken.failed, 100U);
}

// Who foresees the names can take them, with links that lead elsewhere: nothing is written through those.
TEST(named_temporary_file, is_none_that_somebody_has_put_there) {
  const outer_folder folder;
  hocket::testing::write_file(folder / "victim", "untouched");
  const auto make = [&]() -> coro<std::string> {
    auto made = co_await hocket::named_temporary_file::make({.directory = folder.path()});
    co_await made.content().write("secret");
    co_return made.path();
  };
  const std::string foreseen = hocket::run(make(), {.seed = 7});
  filesystem::create_symlink(folder / "victim", foreseen);
  EXPECT_NE(hocket::run(make(), {.seed = 7}), foreseen);
  EXPECT_EQ(content_of(folder / "victim"), "untouched");
}

HOCKET_TEST(named_temporary_file, that_is_kept_stays) {
  const outer_folder folder;
  std::string path;
  {
    auto made = co_await hocket::named_temporary_file::make({.directory = folder.path()});
    path = made.keep();
  }
  EXPECT_TRUE(filesystem::exists(path));
}

HOCKET_TEST(temporary_directory, is_removed_with_all_that_is_in_it) {
  const outer_folder folder;
  auto made = co_await hocket::temporary_directory::make({.directory = folder.path()});
  EXPECT_EQ((co_await hocket::stat(made.path())).permissions(), 0700U);
  co_await hocket::makedirs(made / "a/b");
  co_await hocket::write_file(made / "a/b/c", "text");
  co_await made.remove();
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
  co_await made.remove();  // there is none any more
}

HOCKET_TEST(temporary_directory, that_was_removed_has_nothing_to_do_with_what_has_its_name_later) {
  const outer_folder folder;
  {
    auto made = co_await hocket::temporary_directory::make({.directory = folder.path()});
    co_await made.remove();
    co_await hocket::mkdir(made.path());
    co_await hocket::write_file(made / "of another", "text");
  }
  EXPECT_EQ(entries_of(folder.path()).size(), 1U);
}

HOCKET_TEST(temporary_directory, that_is_destroyed_is_removed_and_nothing_behind_its_links) {
  const outer_folder folder;
  const outer_folder other;
  hocket::testing::write_file(other / "kept", "");
  {
    auto made = co_await hocket::temporary_directory::make({.directory = folder.path()});
    co_await hocket::makedirs(made / "a/b");
    for (int n = 0; n < 50; ++n) co_await hocket::write_file(made / ("a/" + std::to_string(n)), "text");
    co_await hocket::symlink(other.path(), made / "a/b/out");
  }
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
  EXPECT_TRUE(filesystem::exists(other / "kept"));
}

HOCKET_TEST(temporary_directory, is_made_where_the_environment_says) {
  const outer_folder folder;
  const char* before = std::getenv("TMPDIR");
  const std::string saved = before != nullptr ? before : "";
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  auto made = co_await hocket::temporary_directory::make();
  before != nullptr ? ::setenv("TMPDIR", saved.c_str(), 1) : ::unsetenv("TMPDIR");
  EXPECT_TRUE(made.path().starts_with(folder.path() + "/hocket-")) << made.path();
}

coro<void> use_all(const outer_folder& folder) {
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
  const std::string where = folder.path();
  auto nameless = co_await hocket::temporary_file({.directory = where});
  auto named = co_await hocket::named_temporary_file::make({.directory = where});
  auto made = co_await hocket::temporary_directory::make({.directory = where});
  co_await hocket::write_file(made / "a", "text");
  co_await made.remove();
}

TEST(temporary, cancelled_anywhere_nothing_is_left) {
  for (const auto backend : every_backend()) {
    const outer_folder folder;
    const std::size_t before = count_open_numbers();
    const auto report = hocket::testing::cancel_at_every_suspension([&]() -> coro<void> { co_await use_all(folder); },
                                                                    {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 8U);
    EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
    EXPECT_EQ(count_open_numbers(), before);
  }
}

TEST(temporary, whatever_fails_nothing_is_left) {
  for (const auto backend : every_backend()) {
    const outer_folder folder;
    const std::size_t before = count_open_numbers();
    const auto report =
        hocket::testing::fail_each_operation([&]() -> coro<void> { co_await use_all(folder); }, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.failed, 30U);
    EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{});
    EXPECT_EQ(count_open_numbers(), before);
  }
}

}  // namespace
