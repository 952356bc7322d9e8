#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <vector>

#include <fcntl.h>
#include <io/temporary_directory.hpp>
#include <io/zero_pages.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/io/file.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using hocket::as_expected;
using hocket::coro;
using hocket::create_task;
using hocket::file;
using hocket::testing::content_of;
using hocket::testing::ends_cancelled;
using hocket::testing::temporary_directory;
using hocket::testing::write_file;

namespace {

template <class T>
int error_number(const std::expected<T, std::error_code>& outcome) {
  return outcome ? 0 : outcome.error().value();
}

coro<std::string> read_all(file& from) {
  std::string all;
  std::array<char, 1000> piece{};
  while (const std::size_t count = co_await from.read(piece)) all.append(piece.data(), count);
  co_return all;
}

HOCKET_TEST(file, reads_to_the_end) {
  const temporary_directory folder;
  const std::string text(10'000, 'x');
  write_file(folder / "a", text);
  auto opened = co_await file::open(folder / "a");
  EXPECT_EQ(co_await read_all(opened), text);
}

HOCKET_TEST(file, reads_at_an_offset_without_moving_its_position) {
  const temporary_directory folder;
  write_file(folder / "a", "0123456789");
  auto opened = co_await file::open(folder / "a");
  std::array<char, 3> piece{};
  EXPECT_EQ(co_await opened.read(piece, 4), 3U);
  EXPECT_EQ(std::string_view(piece.data(), 3), "456");
  EXPECT_EQ(co_await read_all(opened), "0123456789");
}

HOCKET_TEST(file, a_read_at_the_end_gives_nothing) {
  const temporary_directory folder;
  write_file(folder / "a", "0123");
  auto opened = co_await file::open(folder / "a");
  std::array<char, 3> piece{};
  EXPECT_EQ(co_await opened.read(piece, 4), 0U);
}

HOCKET_TEST(file, writes_one_after_the_other) {
  const temporary_directory folder;
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_CREAT);
  co_await opened.write("one ");
  co_await opened.write("two");
  EXPECT_EQ(content_of(folder / "a"), "one two");
}

HOCKET_TEST(file, writes_a_large_piece_whole) {
  const temporary_directory folder;
  const std::string text(5'000'000, 'y');
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_CREAT);
  co_await opened.write(text);
  EXPECT_TRUE(content_of(folder / "a") == text);
}

HOCKET_TEST(file, writes_more_than_two_gib_at_once) {
  const hocket::testing::zero_pages all(hocket::testing::more_than_two_gib);
  auto nowhere = co_await file::open("/dev/null", O_WRONLY);
  EXPECT_TRUE(co_await as_expected(nowhere.write(all.bytes())));
}

HOCKET_TEST(file, appends_if_opened_so) {
  const temporary_directory folder;
  write_file(folder / "a", "before ");
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_APPEND);
  co_await opened.write("after");
  EXPECT_EQ(content_of(folder / "a"), "before after");
}

HOCKET_TEST(file, is_created_with_the_mode_given) {
  const temporary_directory folder;
  const mode_t before = ::umask(0);
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_CREAT, 0640);
  ::umask(before);
  struct stat state{};
  ::fstat(opened.number(), &state);
  EXPECT_EQ(state.st_mode & 0777U, 0640U);
}

HOCKET_TEST(file, is_not_inherited_by_programs) {
  const temporary_directory folder;
  write_file(folder / "a", "");
  auto opened = co_await file::open(folder / "a");
  EXPECT_NE(::fcntl(opened.number(), F_GETFD) & FD_CLOEXEC, 0);
}

HOCKET_TEST(file, fsync_succeeds_on_a_file) {
  const temporary_directory folder;
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_CREAT);
  co_await opened.write("kept");
  EXPECT_TRUE(co_await as_expected(opened.fsync()));
}

HOCKET_TEST(file, a_missing_file_is_an_error) {
  const temporary_directory folder;
  EXPECT_EQ(error_number(co_await as_expected(file::open(folder / "nothing"))), ENOENT);
}

HOCKET_TEST(file, writing_to_a_full_disk_is_an_error) {
  auto full = co_await file::open("/dev/full", O_WRONLY);
  EXPECT_EQ(error_number(co_await as_expected(full.write("no room"))), ENOSPC);
}

HOCKET_TEST(file, reading_a_directory_is_an_error) {
  const temporary_directory folder;
  auto opened = co_await file::open(folder.path());
  std::array<char, 3> piece{};
  EXPECT_EQ(error_number(co_await as_expected(opened.read(piece))), EISDIR);
}

HOCKET_TEST(file, a_file_that_is_not_open_answers_with_an_error) {
  file closed;
  std::array<char, 3> piece{};
  EXPECT_EQ(error_number(co_await as_expected(closed.read(piece))), EBADF);
}

// ---- open_beneath

HOCKET_TEST(file, open_beneath_opens_what_is_below) {
  const temporary_directory folder;
  std::filesystem::create_directory(folder / "sub");
  write_file(folder / "sub/a", "inside");
  auto root = co_await file::open(folder.path(), O_RDONLY | O_DIRECTORY);
  auto opened = co_await root.open_beneath("sub/a");
  EXPECT_EQ(co_await read_all(opened), "inside");
}

HOCKET_TEST(file, open_beneath_refuses_to_climb_out) {
  const temporary_directory folder;
  std::filesystem::create_directory(folder / "root");
  write_file(folder / "secret", "outside");
  auto root = co_await file::open(folder / "root", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(error_number(co_await as_expected(root.open_beneath("../secret"))), EXDEV);
}

HOCKET_TEST(file, open_beneath_refuses_absolute_paths) {
  const temporary_directory folder;
  auto root = co_await file::open(folder.path(), O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(error_number(co_await as_expected(root.open_beneath("/dev/null"))), EXDEV);
}

HOCKET_TEST(file, open_beneath_refuses_symbolic_links_that_lead_out) {
  const temporary_directory folder;
  std::filesystem::create_directory(folder / "root");
  write_file(folder / "secret", "outside");
  std::filesystem::create_symlink("../secret", folder / "root/near");
  std::filesystem::create_symlink(folder / "secret", folder / "root/absolute");
  auto root = co_await file::open(folder / "root", O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(error_number(co_await as_expected(root.open_beneath("near"))), EXDEV);
  EXPECT_EQ(error_number(co_await as_expected(root.open_beneath("absolute"))), EXDEV);
}

HOCKET_TEST(file, open_beneath_follows_symbolic_links_that_stay_inside) {
  const temporary_directory folder;
  write_file(folder / "a", "inside");
  std::filesystem::create_symlink("a", folder / "link");
  auto root = co_await file::open(folder.path(), O_RDONLY | O_DIRECTORY);
  auto opened = co_await root.open_beneath("link");
  EXPECT_EQ(co_await read_all(opened), "inside");
}

HOCKET_TEST(file, open_beneath_keeps_the_paths_of_many_at_once_apart) {
  const temporary_directory folder;
  for (int n = 0; n < 50; ++n) write_file(folder / std::to_string(n), std::to_string(n));
  auto root = co_await file::open(folder.path(), O_RDONLY | O_DIRECTORY);
  auto read = [&root](int n) -> coro<std::string> {
    auto opened = co_await root.open_beneath(std::to_string(n), n % 2 == 0 ? O_RDONLY : O_RDWR);
    co_return co_await read_all(opened);
  };
  std::vector<coro<std::string>> all;
  for (int n = 0; n < 50; ++n) all.push_back(read(n));
  const auto texts = co_await hocket::gather(std::move(all));
  for (int n = 0; n < 50; ++n) EXPECT_EQ(texts[static_cast<std::size_t>(n)], std::to_string(n));
}

/// Keeps every thread of the running loop's pool busy until it is told to let go.
class busy_pool {
 public:
  busy_pool() {
    for (wait_for_go& each : jobs_) {
      each.go = &go_;
      pool_.submit(each);
    }
  }
  ~busy_pool() { pool_.finish(); }
  busy_pool(const busy_pool&) = delete;
  void let_go() { go_.count_down(); }

 private:
  struct wait_for_go final : hocket::blocking_job {
    void work() noexcept override { go->wait(); }
    std::latch* go = nullptr;
  };
  hocket::blocking_pool& pool_ = hocket::loop::running().blocking();
  std::latch go_{1};
  std::vector<wait_for_go> jobs_{hocket::blocking_pool::default_limit()};
};

HOCKET_TEST(file, open_beneath_never_looks_below_another_directory_if_its_own_is_closed_meanwhile) {
  const temporary_directory empty;
  const temporary_directory other;
  write_file(other / "a", "");
  auto root = co_await file::open(empty.path(), O_RDONLY | O_DIRECTORY);
  busy_pool pool;
  auto open_a = [&root]() -> coro<int> { co_return error_number(co_await as_expected(root.open_beneath("a"))); };
  auto opening = create_task(open_a());
  co_await hocket::sleep({});  // by now it waits for the pool, unless the kernel has done it
  root.close();
  const int same_number = ::open(other.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  pool.let_go();
  const int error = co_await opening;
  EXPECT_TRUE(error == ECANCELED || error == ENOENT) << error;
  ::close(same_number);
}

// ---- cancellation

HOCKET_TEST(file, a_pending_cancellation_opens_nothing) {
  const temporary_directory folder;
  auto create = [&]() -> coro<void> {
    hocket::task_base::current()->cancel();
    static_cast<void>(co_await file::open(folder / "a", O_WRONLY | O_CREAT));
  };
  EXPECT_TRUE(co_await ends_cancelled(create_task(create())));
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

HOCKET_TEST(file, a_pending_cancellation_writes_nothing) {
  const temporary_directory folder;
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_CREAT);
  auto write = [&]() -> coro<void> {
    hocket::task_base::current()->cancel();
    co_await opened.write("never");
  };
  EXPECT_TRUE(co_await ends_cancelled(create_task(write())));
  EXPECT_EQ(content_of(folder / "a"), "");
}

// Nobody writes into the pipe: reading it is what blocks.
HOCKET_TEST(file, a_read_that_waits_can_be_cancelled) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const hocket::io_handle writer(ends[1]);
  file reader{hocket::io_handle(ends[0])};
  std::array<char, 4> piece{};
  auto read = [&]() -> coro<void> { static_cast<void>(co_await reader.read(piece)); };
  auto reading = create_task(read());
  co_await hocket::testing::wait_all_tasks_blocked();
  reading.cancel();
  static_cast<void>(::write(writer.number(), "x", 1));  // a call on a thread of the pool cannot be stopped
  const bool was_cancelled = co_await ends_cancelled(reading);
  EXPECT_TRUE(was_cancelled || piece[0] == 'x');
}

TEST(file, work_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const temporary_directory folder;
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&folder]() -> coro<void> {
          auto opened = co_await file::open(folder / "a", O_RDWR | O_CREAT);
          co_await opened.write("text");
          co_await opened.fsync();
          std::array<char, 4> piece{};
          static_cast<void>(co_await opened.read(piece, 0));
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_EQ(report.runs, 5U);
  }
}

TEST(file, cancelled_opens_leak_no_descriptor) {
  for (const auto backend : hocket::testing::every_backend()) {
    const temporary_directory folder;
    const auto free_number = [] {
      const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      ::close(number);
      return number;
    };
    const int before = free_number();
    static_cast<void>(hocket::testing::cancel_at_every_suspension(
        [&folder]() -> coro<void> {
          auto root = co_await file::open(folder.path(), O_RDONLY | O_DIRECTORY);
          for (int n = 0; n < 5; ++n) {
            auto opened = co_await file::open(folder / "a", O_RDWR | O_CREAT);
            static_cast<void>(co_await root.open_beneath("a"));
          }
        },
        {.backend = backend}));
    EXPECT_EQ(free_number(), before);
  }
}

}  // namespace
