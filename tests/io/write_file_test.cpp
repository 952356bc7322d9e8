#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>
#include <io/failing_operations.hpp>
#include <io/full_disk.hpp>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>
#include <sys/stat.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/file_system.hpp>
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
using hocket::testing::full_disk;
using hocket::testing::temporary_directory;
using hocket::testing::what_is_thrown;

namespace {

unsigned permissions_of(const std::string& path) {
  struct stat state{};
  EXPECT_EQ(::stat(path.c_str(), &state), 0);
  return state.st_mode & 07777U;
}

HOCKET_TEST(write_file, writes_over_what_is_there_or_behind_it) {
  const temporary_directory folder;
  co_await hocket::write_file(folder / "a", "a long first text");
  co_await hocket::write_file(folder / "a", "second");
  EXPECT_EQ(co_await hocket::read_file(folder / "a"), "second");
  co_await hocket::write_file(folder / "a", " third", {.append = true});
  EXPECT_EQ(co_await hocket::read_file(folder / "a"), "second third");
}

HOCKET_TEST(read_file, gives_no_more_than_it_may) {
  const temporary_directory folder;
  co_await hocket::write_file(folder / "a", "12345");
  EXPECT_EQ(co_await hocket::read_file(folder / "a", 5), "12345");
  EXPECT_EQ(co_await what_is_thrown(hocket::read_file(folder / "a", 4)),
            "'" + folder / "a" + "' has more than 4 bytes");
  EXPECT_EQ(co_await what_is_thrown(hocket::read_file(folder / "b")),
            "cannot open '" + folder / "b" + "': No such file or directory");
}

HOCKET_TEST(replace_file, puts_a_new_file_in_the_place_of_the_old_one) {
  const temporary_directory folder;
  hocket::testing::write_file(folder / "a", "old");
  auto old = co_await hocket::file::open(folder / "a");
  co_await hocket::replace_file(folder / "a", "new");
  EXPECT_EQ(content_of(folder / "a"), "new");
  EXPECT_EQ(co_await old.read_all(), "old");  // who has it open reads on
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{"a"});
}

HOCKET_TEST(replace_file, keeps_the_permissions_or_sets_them) {
  const temporary_directory folder;
  hocket::testing::write_file(folder / "a", "old");
  filesystem::permissions(folder / "a", filesystem::perms(0666));
  co_await hocket::replace_file(folder / "a", "new");
  EXPECT_EQ(permissions_of(folder / "a"), 0666U);
  co_await hocket::replace_file(folder / "a", "new", {.permissions = 0600});
  EXPECT_EQ(permissions_of(folder / "a"), 0600U);
}

HOCKET_TEST(replace_file, makes_a_file_that_is_not_there_with_less_than_0666) {
  const temporary_directory folder;
  const mode_t before = ::umask(027);
  co_await hocket::replace_file(folder / "a", "new");
  ::umask(before);
  EXPECT_EQ(permissions_of(folder / "a"), 0640U);
}

HOCKET_TEST(replace_file, refuses_what_is_no_regular_file) {
  const temporary_directory folder;
  EXPECT_EQ(co_await what_is_thrown(hocket::replace_file("/dev/null", "x")),
            "cannot replace '/dev/null': Invalid argument");
  EXPECT_EQ(co_await what_is_thrown(hocket::replace_file(folder.path(), "x")),
            "cannot replace '" + folder.path() + "': Is a directory");
  EXPECT_EQ(co_await what_is_thrown(hocket::replace_file(folder / "no/a", "x")),
            "cannot make a file in '" + folder / "no" + "': No such file or directory");
}

HOCKET_TEST(replace_file, leaves_the_old_file_alone_whatever_fails_before_the_new_one_is_in_place) {
  using hocket::io_op;
  const temporary_directory folder;
  hocket::testing::write_file(folder / "a", "old");
  const std::string path = "'" + folder / "a" + "': ";
  const auto fail = [&](io_op which, int error) -> coro<std::string> {
    const failing_operations trouble(which, error);
    co_return co_await what_is_thrown(hocket::replace_file(folder / "a", "new"));
  };
  EXPECT_EQ(co_await fail(io_op::write, EDQUOT), "cannot write " + path + "Disk quota exceeded");
  EXPECT_EQ(co_await fail(io_op::write, ENOSPC), "cannot write " + path + "No space left on device");
  EXPECT_EQ(co_await fail(io_op::fsync, EIO), "cannot fsync " + path + "Input/output error");
  EXPECT_EQ(co_await fail(io_op::fsync, EDQUOT), "cannot fsync " + path + "Disk quota exceeded");
  EXPECT_EQ(co_await fail(io_op::rename, EACCES), "cannot replace " + path + "Permission denied");
  EXPECT_EQ(co_await fail(io_op::rename, EDQUOT), "cannot replace " + path + "Disk quota exceeded");
  EXPECT_EQ(co_await fail(io_op::open, EDQUOT), "cannot make a file in '" + folder.path() + "': Disk quota exceeded");
  EXPECT_EQ(content_of(folder / "a"), "old");
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{"a"});
}

// Some file systems tell only when a file is closed that they could not keep what they had taken.
HOCKET_TEST(write_file, tells_what_closing_tells) {
  const temporary_directory folder;
  const failing_operations trouble(hocket::io_op::flush, EDQUOT);
  EXPECT_EQ(co_await what_is_thrown(hocket::write_file(folder / "a", "text")),
            "cannot close '" + folder / "a" + "': Disk quota exceeded");
}

HOCKET_TEST(write_file, over_a_quota_is_an_error_that_names_the_file_and_what_was_there_before_stays_there) {
  using hocket::io_op;
  const temporary_directory folder;
  hocket::testing::write_file(folder / "a", "old");
  const std::string path = "'" + folder / "a" + "': ";
  const auto fail = [&](io_op which) -> coro<std::string> {
    const failing_operations quota(which, EDQUOT);
    co_return co_await what_is_thrown(hocket::write_file(folder / "a", " new", {.append = true}));
  };
  EXPECT_EQ(co_await fail(io_op::open), "cannot open " + path + "Disk quota exceeded");
  EXPECT_EQ(co_await fail(io_op::write), "cannot write " + path + "Disk quota exceeded");
  EXPECT_EQ(content_of(folder / "a"), "old");

  const std::array<std::string_view, 2> pieces{" new", " text"};
  auto opened = co_await hocket::file::open(folder / "a", O_WRONLY | O_APPEND);
  {
    const failing_operations quota(io_op::write_pieces, EDQUOT);
    EXPECT_EQ(co_await what_is_thrown(opened.write(pieces)), "cannot write " + path + "Disk quota exceeded");
  }
  EXPECT_EQ(content_of(folder / "a"), "old");
  co_await opened.write(pieces);  // there is room again: the file is as usable as before
  EXPECT_EQ(content_of(folder / "a"), "old new text");
}

HOCKET_TEST(replace_file, leaves_the_old_file_alone_if_closing_the_new_one_fails) {
  const temporary_directory folder;
  hocket::testing::write_file(folder / "a", "old");
  for (const int error : {ENOSPC, EDQUOT}) {
    const failing_operations trouble(hocket::io_op::flush, error);
    EXPECT_EQ(co_await what_is_thrown(hocket::replace_file(folder / "a", "new", {.on_disk = false})),
              "cannot close '" + folder / "a" + "': " + std::generic_category().message(error));
  }
  EXPECT_EQ(content_of(folder / "a"), "old");
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{"a"});
}

HOCKET_TEST(write_file, does_without_what_closing_tells_if_there_is_no_free_descriptor) {
  const temporary_directory folder;
  {
    auto opened = co_await hocket::file::open(folder / "a", O_RDWR | O_CREAT);
    co_await hocket::detail::flush_operation(opened.handle().record());  // the backend has what it needs from here on
    const hocket::testing::few_descriptors none(0);
    co_await hocket::detail::flush_operation(opened.handle().record());
    co_await opened.write("text");
  }
  EXPECT_EQ(content_of(folder / "a"), "text");
}

HOCKET_TEST(replace_file, on_a_full_disk_leaves_the_old_file_alone) {
  const full_disk disk;
  if (!disk.is_mounted()) co_return;
  hocket::testing::write_file(disk / "a", "old");
  EXPECT_EQ(co_await what_is_thrown(hocket::replace_file(disk / "a", std::string(2 << 20, 'x'))),
            "cannot write '" + disk / "a" + "': No space left on device");
  EXPECT_EQ(content_of(disk / "a"), "old");
  EXPECT_EQ(entries_of(disk.path()), std::vector<std::string>{"a"});
}

HOCKET_TEST(write_file, on_a_full_disk_is_an_error_that_names_the_file) {
  const full_disk disk;
  if (!disk.is_mounted()) co_return;
  EXPECT_EQ(co_await what_is_thrown(hocket::write_file(disk / "a", std::string(2 << 20, 'x'))),
            "cannot write '" + disk / "a" + "': No space left on device");
}

HOCKET_TEST(write_file, on_a_full_disk_writes_what_fits_and_nothing_twice) {
  const full_disk disk;
  if (!disk.is_mounted()) co_return;
  const std::string first(700'000, 'a');
  const std::string second(700'000, 'b');
  const std::array<std::string_view, 2> pieces{first, second};
  auto opened = co_await hocket::file::open(disk / "a", O_RDWR | O_CREAT);
  EXPECT_FALSE(co_await hocket::as_expected(opened.write(pieces)));
  const std::string content = content_of(disk / "a");
  EXPECT_GT(content.size(), first.size());
  EXPECT_TRUE(content == (first + second).substr(0, content.size()));
  EXPECT_EQ(opened.seek(0, SEEK_CUR), static_cast<std::int64_t>(content.size()));
}

/// Neither half of a file, nor a trace of the attempt.
void expect_old_or_new(const temporary_directory& folder) {
  EXPECT_EQ(entries_of(folder.path()), std::vector<std::string>{"a"});
  const std::string content = content_of(folder / "a");
  EXPECT_TRUE(content == "old" || content == "new") << content;
}

TEST(replace_file, cancelled_anywhere_it_leaves_the_old_file_or_the_new_one_and_nothing_else) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    const std::size_t before = count_open_numbers();
    hocket::testing::write_file(folder / "a", "old");
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&]() -> coro<void> {
          expect_old_or_new(folder);
          hocket::testing::write_file(folder / "a", "old");
          co_await hocket::replace_file(folder / "a", "new");
          EXPECT_EQ(co_await hocket::read_file(folder / "a"), "new");
        },
        {.backend = backend});
    expect_old_or_new(folder);
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 8U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}

TEST(replace_file, of_which_anything_fails_it_leaves_the_old_file_or_the_new_one_and_nothing_else) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    const std::size_t before = count_open_numbers();
    hocket::testing::write_file(folder / "a", "old");
    const auto report = hocket::testing::fail_each_operation(
        [&]() -> coro<void> {
          expect_old_or_new(folder);
          hocket::testing::write_file(folder / "a", "old");
          co_await hocket::replace_file(folder / "a", "new");
          EXPECT_EQ(content_of(folder / "a"), "new");
        },
        {.backend = backend});
    expect_old_or_new(folder);
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.failed, 30U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}

}  // namespace
