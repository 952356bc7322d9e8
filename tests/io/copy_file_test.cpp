#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <io/failing_operations.hpp>
#include <io/full_disk.hpp>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/io/copy_file.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

namespace filesystem = std::filesystem;
using hocket::copy_file;
using hocket::coro;
using hocket::testing::content_of;
using hocket::testing::count_open_numbers;
using hocket::testing::entries_of;
using hocket::testing::every_backend;
using hocket::testing::failing_operations;
using hocket::testing::full_disk;
using hocket::testing::temporary_directory;
using hocket::testing::what_is_thrown;
using hocket::testing::write_file;

namespace {

std::string some_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::minstd_rand random(7);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

HOCKET_TEST(copy_file, copies_content_and_permissions) {
  const temporary_directory folder;
  const std::string bytes = some_bytes(20'000'000);
  write_file(folder / "a", bytes);
  filesystem::permissions(folder / "a", filesystem::perms(04751));
  EXPECT_EQ(co_await copy_file(folder / "a", folder / "b"), bytes.size());
  EXPECT_TRUE(content_of(folder / "b") == bytes);
  EXPECT_EQ((co_await hocket::stat(folder / "b")).permissions(), 0751U);
}

HOCKET_TEST(copy_file, copies_empty_files_and_those_of_which_the_system_tells_no_size) {
  const temporary_directory folder;
  write_file(folder / "a", "");
  EXPECT_EQ(co_await copy_file(folder / "a", folder / "b"), 0U);
  EXPECT_TRUE(filesystem::exists(folder / "b"));
  EXPECT_GT(co_await copy_file("/proc/self/status", folder / "c"), 0U);
  EXPECT_TRUE(content_of(folder / "c").starts_with("Name:"));
}

HOCKET_TEST(copy_file, reads_and_writes_where_the_file_systems_cannot_copy) {
  const temporary_directory folder;
  const std::string bytes = some_bytes(1'000'000);
  write_file(folder / "a", bytes);
  const failing_operations apart(hocket::io_op::copy_range, EXDEV);
  EXPECT_EQ(co_await copy_file(folder / "a", folder / "b"), bytes.size());
  EXPECT_TRUE(content_of(folder / "b") == bytes);
}

HOCKET_TEST(copy_file, tells_how_far_it_has_come) {
  const temporary_directory folder;
  write_file(folder / "a", std::string(20'000'000, 'x'));
  std::vector<std::uint64_t> told;
  const auto tell = [&](hocket::copy_progress progress) {
    EXPECT_EQ(progress.size_bytes, 20'000'000U);
    told.push_back(progress.copied_bytes);
  };
  co_await copy_file(folder / "a", folder / "b", {.on_progress = tell});
  EXPECT_EQ(told, (std::vector<std::uint64_t>{8U << 20, 16U << 20, 20'000'000}));
}

HOCKET_TEST(copy_file, takes_the_place_of_a_file_only_if_it_may) {
  const temporary_directory folder;
  write_file(folder / "a", "new");
  write_file(folder / "b", "old");
  EXPECT_EQ(co_await what_is_thrown(copy_file(folder / "a", folder / "b", {.replace = false})),
            "cannot replace '" + folder / "b" + "': File exists");
  EXPECT_EQ(content_of(folder / "b"), "old");
  co_await copy_file(folder / "a", folder / "b", {.on_disk = true});
  EXPECT_EQ(content_of(folder / "b"), "new");
}

HOCKET_TEST(copy_file, onto_itself_changes_nothing) {
  const temporary_directory folder;
  write_file(folder / "a", "text");
  EXPECT_EQ(co_await copy_file(folder / "a", folder / "a"), 4U);
  EXPECT_EQ(content_of(folder / "a"), "text");
}

HOCKET_TEST(copy_file, of_a_file_that_shrinks_meanwhile_copies_what_is_there) {
  constexpr std::uint64_t piece = 8 << 20;
  const temporary_directory folder;
  write_file(folder / "a", std::string(3 * piece, 'x'));
  bool is_first = true;
  const auto copied = co_await copy_file(folder / "a", folder / "b", {.on_progress = [&](hocket::copy_progress) {
                                           if (!std::exchange(is_first, false)) return;
                                           filesystem::resize_file(folder / "a", piece + 1000);
                                         }});
  EXPECT_EQ(copied, piece + 1000);
  EXPECT_TRUE(content_of(folder / "b") == std::string(piece + 1000, 'x'));
}

HOCKET_TEST(copy_file, to_a_disk_that_tells_at_the_end_leaves_no_copy) {
  const temporary_directory folder;
  write_file(folder / "a", "text");
  const failing_operations trouble(hocket::io_op::flush, EIO);
  EXPECT_EQ(co_await what_is_thrown(copy_file(folder / "a", folder / "b")),
            "cannot close '" + folder / "b" + "': Input/output error");
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{"a"});
}

HOCKET_TEST(copy_file, refuses_what_is_no_regular_file) {
  const temporary_directory folder;
  write_file(folder / "a", "");
  EXPECT_EQ(co_await what_is_thrown(copy_file("/dev/zero", folder / "b")), "cannot copy '/dev/zero': Invalid argument");
  EXPECT_EQ(co_await what_is_thrown(copy_file(folder.path(), folder / "b")),
            "cannot copy '" + folder.path() + "': Is a directory");
  EXPECT_EQ(co_await what_is_thrown(copy_file(folder / "a", "/dev/null")),
            "cannot replace '/dev/null': Invalid argument");
}

HOCKET_TEST(copy_file, to_a_full_disk_leaves_nothing_there) {
  const temporary_directory folder;
  const full_disk disk;
  if (!disk.is_mounted()) co_return;
  write_file(folder / "a", std::string(2 << 20, 'x'));
  const std::string error = co_await what_is_thrown(copy_file(folder / "a", disk / "b"));
  EXPECT_TRUE(error.ends_with("No space left on device")) << error;
  EXPECT_EQ(entries_of(disk.path()), std::vector<std::string>{});
}

HOCKET_TEST(copy_file, errors_of_the_disk_name_the_file_and_leave_no_copy) {
  const temporary_directory folder;
  write_file(folder / "a", "text");
  {
    const failing_operations broken(hocket::io_op::copy_range, EIO);
    EXPECT_EQ(co_await what_is_thrown(copy_file(folder / "a", folder / "b")),
              "cannot copy '" + folder / "a" + "' to '" + folder / "b" + "': Input/output error");
  }
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{"a"});
}

HOCKET_TEST(copy_file, over_a_quota_leaves_what_was_there_and_half_of_no_copy) {
  using hocket::io_op;
  const temporary_directory folder;
  write_file(folder / "a", std::string(20'000'000, 'x'));
  write_file(folder / "b", "old");
  const std::string copy = "cannot copy '" + folder / "a" + "' to '" + folder / "b" + "': Disk quota exceeded";
  const auto copying = [&](bool on_disk = false) -> coro<std::string> {
    co_return co_await what_is_thrown(copy_file(folder / "a", folder / "b", {.on_disk = on_disk}));
  };
  {
    const failing_operations quota(io_op::copy_range, EDQUOT, 1);
    EXPECT_EQ(co_await copying(), copy);
  }
  {
    const failing_operations apart(io_op::copy_range, EXDEV);
    const failing_operations quota(io_op::write, EDQUOT, 10);
    EXPECT_EQ(co_await copying(), copy);
    EXPECT_EQ(quota.failed, 1U);
  }
  {
    const failing_operations quota(io_op::open, EDQUOT, 1);  // the new file, not the old one
    EXPECT_EQ(co_await copying(), "cannot make a file in '" + folder.path() + "': Disk quota exceeded");
  }
  {
    const failing_operations quota(io_op::flush, EDQUOT);
    EXPECT_EQ(co_await copying(), "cannot close '" + folder / "b" + "': Disk quota exceeded");
  }
  {
    const failing_operations quota(io_op::fsync, EDQUOT);
    EXPECT_EQ(co_await copying(true), "cannot fsync '" + folder / "b" + "': Disk quota exceeded");
  }
  {
    const failing_operations quota(io_op::rename, EDQUOT);
    EXPECT_EQ(co_await copying(), "cannot replace '" + folder / "b" + "': Disk quota exceeded");
  }
  EXPECT_EQ(content_of(folder / "b"), "old");
  EXPECT_EQ(entries_of(folder.path()), (std::vector<std::string>{"a", "b"}));
}

TEST(copy_file, cancelled_anywhere_it_leaves_the_whole_copy_or_none) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    const std::size_t before = count_open_numbers();
    write_file(folder / "a", std::string(9'000'000, 'x'));
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&]() -> coro<void> {
          filesystem::remove(folder / "b");
          co_await copy_file(folder / "a", folder / "b", {.on_disk = true});
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 9U);
    EXPECT_EQ(entries_of(folder.path()), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(filesystem::file_size(folder / "b"), 9'000'000U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}

TEST(copy_file, of_which_anything_fails_it_leaves_the_whole_copy_or_none) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    const std::size_t before = count_open_numbers();
    write_file(folder / "a", std::string(100'000, 'x'));
    const auto report = hocket::testing::fail_each_operation(
        [&]() -> coro<void> {
          filesystem::remove(folder / "b");
          co_await copy_file(folder / "a", folder / "b");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.failed, 30U);
    EXPECT_EQ(entries_of(folder.path()), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(count_open_numbers(), before);
  }
}

}  // namespace
