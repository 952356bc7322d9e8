#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <vector>

#include <fcntl.h>
#include <io/failing_operations.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>
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
using hocket::testing::failing_operations;
using hocket::testing::temporary_directory;
using hocket::testing::what_is_thrown;
using hocket::testing::write_file;

namespace {

template <class T>
int error_number(const std::expected<T, std::error_code>& outcome) {
  return outcome ? 0 : outcome.error().value();
}

coro<std::vector<std::string>> lines_of(file& from, std::size_t limit = hocket::default_line_limit) {
  std::vector<std::string> all;
  auto lines = from.lines(limit);
  while (auto line = co_await lines.next()) all.push_back(std::move(*line));
  co_return all;
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

// ---- pieces, positions, sizes

HOCKET_TEST(file, writes_at_an_offset_without_moving_its_position) {
  const temporary_directory folder;
  write_file(folder / "a", "0123456789");
  auto opened = co_await file::open(folder / "a", O_RDWR);
  co_await opened.write("xy", 4);
  co_await opened.write("z");
  EXPECT_EQ(content_of(folder / "a"), "z123xy6789");
}

HOCKET_TEST(file, reads_into_several_pieces_at_an_offset_or_at_its_position) {
  const temporary_directory folder;
  write_file(folder / "a", "0123456789");
  auto opened = co_await file::open(folder / "a");
  std::array<char, 2> first{};
  std::array<char, 3> second{};
  const std::array<std::span<char>, 3> pieces{first, std::span<char>(), second};
  EXPECT_EQ(co_await opened.read(pieces, 1), 5U);
  EXPECT_EQ(std::string(first.data(), 2) + "|" + std::string(second.data(), 3), "12|345");
  EXPECT_EQ(co_await opened.read(pieces), 5U);
  EXPECT_EQ(std::string(first.data(), 2) + "|" + std::string(second.data(), 3), "01|234");
}

HOCKET_TEST(file, writes_several_pieces_one_after_the_other) {
  const temporary_directory folder;
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_CREAT);
  const std::array<std::string_view, 3> pieces{"one ", "", "two "};
  co_await opened.write(pieces);
  co_await opened.write(pieces, 6);
  co_await opened.write("xyz");
  EXPECT_EQ(content_of(folder / "a"), "one twonxyzwo ");
}

HOCKET_TEST(file, writes_more_pieces_than_the_system_takes_at_once) {
  const temporary_directory folder;
  std::vector<std::string> texts;
  std::string all;
  for (int n = 0; n < 3000; ++n) all += texts.emplace_back(std::to_string(n) + ",");
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  auto opened = co_await file::open(folder / "a", O_WRONLY | O_CREAT);
  co_await opened.write(pieces);
  co_await opened.write(pieces, 100'000);
  EXPECT_EQ(content_of(folder / "a").substr(0, all.size()), all);
  EXPECT_EQ(content_of(folder / "a").substr(100'000), all);
}

HOCKET_TEST(file, no_pieces_are_written_at_once) {
  auto full = co_await file::open("/dev/full", O_WRONLY);
  EXPECT_TRUE(co_await as_expected(full.write(std::span<const std::string_view>())));
}

HOCKET_TEST(file, is_sought_from_its_beginning_its_position_and_its_end) {
  const temporary_directory folder;
  write_file(folder / "a", "0123456789");
  auto opened = co_await file::open(folder / "a");
  EXPECT_EQ(opened.seek(8), 8);
  EXPECT_EQ(co_await read_all(opened), "89");
  EXPECT_EQ(opened.seek(-4, SEEK_CUR), 6);
  EXPECT_EQ(opened.seek(-1, SEEK_END), 9);
  EXPECT_EQ(opened.size(), 10);
}

HOCKET_TEST(file, is_cut_off_and_filled_up) {
  const temporary_directory folder;
  write_file(folder / "a", "0123456789");
  auto opened = co_await file::open(folder / "a", O_RDWR);
  co_await opened.truncate(3);
  EXPECT_EQ(content_of(folder / "a"), "012");
  co_await opened.truncate(5);
  EXPECT_EQ(content_of(folder / "a"), std::string("012\0\0", 5));
  EXPECT_TRUE(co_await as_expected(opened.fdatasync()));
}

HOCKET_TEST(file, reads_all_that_is_left) {
  const temporary_directory folder;
  const std::string text(200'000, 'x');
  write_file(folder / "a", text);
  auto opened = co_await file::open(folder / "a");
  opened.seek(50'000);
  EXPECT_EQ(co_await opened.read_all(), text.substr(50'000));
  EXPECT_EQ(co_await opened.read_all(), "");
}

HOCKET_TEST(file, reads_all_of_what_does_not_tell_its_size) {
  auto opened = co_await file::open("/proc/self/status");
  const std::string text = co_await opened.read_all();
  EXPECT_TRUE(text.starts_with("Name:"));
}

HOCKET_TEST(file, reads_no_more_than_it_may) {
  const temporary_directory folder;
  write_file(folder / "a", "0123456789");
  auto opened = co_await file::open(folder / "a");
  EXPECT_EQ(co_await what_is_thrown(opened.read_all(9)), "'" + folder / "a" + "' has more than 9 bytes");
  EXPECT_EQ(co_await opened.read_all(10), "0123456789");
  auto endless = co_await file::open("/dev/zero");
  EXPECT_EQ(co_await what_is_thrown(endless.read_all(1'000'000)), "'/dev/zero' has more than 1000000 bytes");
}

// ---- lines

HOCKET_TEST(file, gives_its_lines_each_with_its_end_but_perhaps_the_last) {
  const temporary_directory folder;
  write_file(folder / "a", "one\n\ntwo\nthree");
  auto opened = co_await file::open(folder / "a");
  EXPECT_EQ(co_await lines_of(opened), (std::vector<std::string>{"one\n", "\n", "two\n", "three"}));
  EXPECT_EQ(co_await lines_of(opened), std::vector<std::string>{});
}

HOCKET_TEST(file, gives_lines_that_are_longer_than_what_it_reads_at_once) {
  const temporary_directory folder;
  std::vector<std::string> lines;
  std::string text;
  for (std::size_t length : {70'000U, 1U, 65'535U, 65'536U, 200'000U})
    text += lines.emplace_back(std::string(length, 'x') + "\n");
  write_file(folder / "a", text);
  auto opened = co_await file::open(folder / "a");
  EXPECT_TRUE(co_await lines_of(opened) == lines);
}

HOCKET_TEST(file, gives_no_line_over_the_limit_wherever_it_ends) {
  const temporary_directory folder;
  for (const std::string rest : {"", "\n", "\nmore\n"}) {
    write_file(folder / "a", "ok\n" + std::string(9, 'x') + rest);
    auto opened = co_await file::open(folder / "a");
    auto lines = opened.lines(8);
    EXPECT_EQ(co_await lines.next(), "ok\n");
    EXPECT_EQ(co_await what_is_thrown(lines), "'" + folder / "a" + "' has a line of more than 8 bytes");
  }
  write_file(folder / "a", std::string(7, 'x') + "\n" + std::string(8, 'y'));
  auto opened = co_await file::open(folder / "a");
  EXPECT_EQ((co_await lines_of(opened, 8)).size(), 2U);
}

HOCKET_TEST(file, that_is_moved_gives_its_lines_on_and_one_that_is_closed_does_not) {
  const temporary_directory folder;
  write_file(folder / "a", std::string(100'000, 'x') + "\n" + std::string(100'000, 'y'));
  auto opened = co_await file::open(folder / "a");
  auto lines = opened.lines();
  file moved = std::move(opened);
  EXPECT_EQ((co_await lines.next())->size(), 100'001U);
  moved.close();
  EXPECT_EQ(co_await what_is_thrown(lines), "cannot read '" + folder / "a" + "': Operation canceled");
}

// ---- what errors say

HOCKET_TEST(file, errors_name_the_path) {
  const temporary_directory folder;
  EXPECT_EQ(co_await what_is_thrown(file::open(folder / "nothing")),
            "cannot open '" + folder / "nothing" + "': No such file or directory");
  auto full = co_await file::open("/dev/full", O_WRONLY);
  EXPECT_EQ(co_await what_is_thrown(full.write("x")), "cannot write '/dev/full': No space left on device");
  const std::array<std::string_view, 1> pieces{"x"};
  EXPECT_EQ(co_await what_is_thrown(full.write(pieces)), "cannot write '/dev/full': No space left on device");
  auto opened = co_await file::open(folder.path());
  std::array<char, 3> piece{};
  EXPECT_EQ(co_await what_is_thrown(opened.read(piece)), "cannot read '" + folder.path() + "': Is a directory");
  EXPECT_EQ(co_await what_is_thrown(opened.truncate(1)), "cannot truncate '" + folder.path() + "': Invalid argument");
}

HOCKET_TEST(file, errors_of_the_disk_name_the_path) {
  const temporary_directory folder;
  auto opened = co_await file::open(folder / "a", O_RDWR | O_CREAT);
  const std::string path = "'" + folder / "a" + "': ";
  {
    const failing_operations quota(hocket::io_op::write, EDQUOT);
    EXPECT_EQ(co_await what_is_thrown(opened.write("x")), "cannot write " + path + "Disk quota exceeded");
  }
  {
    const failing_operations broken(hocket::io_op::read, EIO);
    EXPECT_EQ(co_await what_is_thrown(opened.read_all()), "cannot read " + path + "Input/output error");
  }
  const failing_operations broken(hocket::io_op::fsync, EIO);
  EXPECT_EQ(co_await what_is_thrown(opened.fsync()), "cannot fsync " + path + "Input/output error");
}

// Nothing is mapped at address 0: the system says what it says of a broken disk.
HOCKET_TEST(file, that_cannot_be_read_names_the_path) {
  auto opened = co_await file::open("/proc/self/mem");
  std::array<char, 16> bytes{};
  EXPECT_EQ(co_await what_is_thrown(opened.read(bytes, 0)), "cannot read '/proc/self/mem': Input/output error");
  EXPECT_EQ(co_await what_is_thrown(opened.read_all()), "cannot read '/proc/self/mem': Input/output error");
}

HOCKET_TEST(file, a_path_with_a_null_byte_is_refused) {
  using namespace std::string_literals;
  EXPECT_EQ(error_number(co_await as_expected(file::open("/dev/null\0.txt"s))), EINVAL);
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
          const std::array<std::string_view, 2> pieces{"a\n", "b"};
          co_await opened.write(pieces);
          co_await opened.truncate(3);
          const std::array<std::span<char>, 1> into{piece};
          static_cast<void>(co_await opened.read(into, 0));
          opened.seek(0);
          static_cast<void>(co_await lines_of(opened));
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_EQ(report.runs, 10U);
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
