// What opening a FIFO waits for, and that nobody else waits for it. The rest of a FIFO is a pipe: pipe_test.cpp.

#include <array>
#include <csignal>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <io/connected_sockets.hpp>
#include <io/open_numbers.hpp>
#include <io/what_is_thrown.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/file.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_expected;
using hocket::coro;
using hocket::create_task;
using hocket::file;
using hocket::testing::cancelling_ends;
using hocket::testing::count_open_numbers;
using hocket::testing::wait_all_tasks_blocked;
using hocket::testing::what_is_thrown;

namespace {

struct fifo_folder {
  char folder[32] = "/tmp/hocket-fifo-XXXXXX";
  std::string path;

  fifo_folder() {
    EXPECT_NE(::mkdtemp(folder), nullptr);
    path = std::string(folder) + "/fifo";
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
  }
  ~fifo_folder() { std::filesystem::remove_all(folder); }
};

coro<file> opened(std::string path, int flags) { co_return co_await file::open(std::move(path), flags); }

bool is_read_by_somebody(const std::string& path) {
  const int number = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (number >= 0) ::close(number);
  return number >= 0;
}

}  // namespace

HOCKET_TEST(fifo, that_nobody_reads_is_not_opened_for_writing_and_named) {
  const fifo_folder place;
  std::string problem;
  try {
    const file opened = co_await file::open(place.path, O_WRONLY | O_NONBLOCK);
  } catch (const std::system_error& failed) {
    problem = failed.what();
  }
  EXPECT_EQ(problem, "cannot open '" + place.path + "': No such device or address");
}

HOCKET_TEST(fifo, that_is_opened_without_waiting_carries_bytes_and_then_the_end) {
  const fifo_folder place;
  file reader = co_await file::open(place.path, O_RDONLY | O_NONBLOCK);
  file writer = co_await file::open(place.path, O_WRONLY | O_NONBLOCK);
  auto reading = create_task([](file& from) -> coro<std::string> { co_return co_await from.read_all(); }(reader));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(reading.done());
  co_await writer.write("text");
  writer.close();
  EXPECT_EQ(co_await reading, "text");
}

HOCKET_TEST(fifo, is_read_and_written_in_pieces_without_a_thread_and_given_up_at_once) {
  const fifo_folder place;
  file fifo = co_await file::open(place.path, O_RDWR);
  std::array<char, 3> first{};
  std::array<char, 16> second{};
  const std::array<std::span<char>, 2> into{first, second};
  const auto read_pieces = [](file& from, std::span<const std::span<char>> pieces) -> coro<std::size_t> {
    co_return co_await from.read(pieces);
  };
  auto reading = create_task(read_pieces(fifo, into));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(reading));
  const std::array<std::string_view, 3> pieces{"on", "e ", "two"};
  co_await fifo.write(pieces);
  EXPECT_EQ(co_await fifo.read(into), 7U);
  EXPECT_EQ(std::string(first.data(), 3) + std::string(second.data(), 4), "one two");
}

HOCKET_TEST(fifo, without_a_reader_is_a_broken_pipe_to_who_writes_pieces_and_no_signal) {
  const fifo_folder place;
  file reader = co_await file::open(place.path, O_RDONLY | O_NONBLOCK);
  file writer = co_await file::open(place.path, O_WRONLY);
  reader.close();
  const std::array<std::string_view, 2> pieces{"one ", "two"};
  const auto outcome = co_await as_expected(writer.write(pieces));
  EXPECT_EQ(outcome.error(), std::errc::broken_pipe);
}

HOCKET_TEST(fifo, takes_more_pieces_than_it_has_room_for_as_they_are_read) {
  const fifo_folder place;
  file reader = co_await file::open(place.path, O_RDONLY | O_NONBLOCK);
  file writer = co_await file::open(place.path, O_WRONLY);
  const std::string much(200'000, 'x');
  const std::array<std::string_view, 3> pieces{much, "middle", much};
  auto reading = create_task([](file& from) -> coro<std::string> { co_return co_await from.read_all(); }(reader));
  co_await writer.write(pieces);
  writer.close();
  EXPECT_TRUE(co_await reading == much + "middle" + much);
}

HOCKET_TEST(fifo, that_was_opened_as_a_file_is_read_until_cancelled) {
  const fifo_folder place;
  file fifo = co_await file::open(place.path, O_RDWR);
  std::array<char, 16> bytes{};
  auto reading = create_task(
      [](file& from, std::span<char> into) -> coro<std::size_t> { co_return co_await from.read(into); }(fifo, bytes));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(reading));
  co_await fifo.write("abc");
  EXPECT_EQ(co_await fifo.read(bytes), 3U);
}

HOCKET_TEST(fifo, is_opened_to_read_when_somebody_opens_it_to_write_without_a_byte) {
  const fifo_folder place;
  auto reading = create_task(opened(place.path, O_RDONLY));
  co_await hocket::sleep(100ms);
  EXPECT_FALSE(reading.done());
  file writer = co_await file::open(place.path, O_WRONLY);
  file reader = co_await std::move(reading);
  EXPECT_EQ(::fcntl(reader.number(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(writer.number(), F_GETFL) & O_NONBLOCK, 0);
  co_await writer.write("text");
  writer.close();
  EXPECT_EQ(co_await reader.read_all(), "text");
}

HOCKET_TEST(fifo, is_opened_to_write_when_somebody_opens_it_to_read) {
  const fifo_folder place;
  auto writing = create_task(opened(place.path, O_WRONLY));
  co_await hocket::sleep(100ms);
  EXPECT_FALSE(writing.done());
  file reader = co_await file::open(place.path, O_RDONLY);
  file writer = co_await std::move(writing);
  EXPECT_EQ(::fcntl(writer.number(), F_GETFL) & O_NONBLOCK, 0);
  co_await writer.write("text");
  writer.close();
  EXPECT_EQ(co_await reader.read_all(), "text");
}

HOCKET_TEST(fifo, whose_writer_came_and_went_meanwhile_is_opened_and_gives_what_he_left) {
  const fifo_folder place;
  auto reading = create_task(opened(place.path, O_RDONLY));
  while (!is_read_by_somebody(place.path)) co_await hocket::sleep(1ms);
  file reader = co_await std::move(reading);  // this very look was the writer
  EXPECT_EQ(co_await reader.read_all(), "");
}

HOCKET_TEST(fifo, lets_two_that_open_it_find_each_other_with_names_for_both_ways) {
  const fifo_folder there, back;
  auto asked = [](std::string to, std::string from) -> coro<std::string> {
    file question = co_await file::open(to, O_WRONLY);
    file answer = co_await file::open(from, O_RDONLY);
    co_await question.write("how much?");
    question.close();
    co_return co_await answer.read_all();
  };
  auto answering = [](std::string from, std::string to) -> coro<void> {
    file question = co_await file::open(from, O_RDONLY);
    file answer = co_await file::open(to, O_WRONLY);
    const std::string text = co_await question.read_all();
    co_await answer.write(text + " 42");
  };
  auto task = create_task(answering(there.path, back.path));
  EXPECT_EQ(co_await asked(there.path, back.path), "how much? 42");
  co_await task;
}

HOCKET_TEST(fifo, whose_opening_is_cancelled_is_open_no_more) {
  const fifo_folder place;
  for (const int flags : {O_RDONLY, O_WRONLY, O_WRONLY | O_CREAT}) {
    const std::size_t before = count_open_numbers();
    auto opening = create_task(opened(place.path, flags));
    co_await hocket::sleep(100ms);
    EXPECT_FALSE(opening.done());
    EXPECT_TRUE(co_await cancelling_ends(opening));
    EXPECT_FALSE(is_read_by_somebody(place.path));
    EXPECT_EQ(count_open_numbers(), before);
  }
}

HOCKET_TEST(fifo, that_takes_too_long_to_open_is_a_timeout_error) {
  const fifo_folder place;
  for (const int flags : {O_RDONLY, O_WRONLY}) {
    EXPECT_EQ(co_await what_is_thrown(hocket::with_timeout(200ms, file::open(place.path, flags))),
              hocket::timeout_error{}.what());
    EXPECT_FALSE(is_read_by_somebody(place.path));
  }
}

HOCKET_TEST(fifo, that_is_opened_below_a_directory_waits_until_that_is_closed) {
  const fifo_folder place;
  for (const int flags : {O_RDONLY, O_WRONLY}) {
    file directory = co_await file::open(place.folder, O_RDONLY | O_DIRECTORY);
    auto opening = create_task([](file& from, int how) -> coro<std::error_code> {
      auto found = co_await as_expected(from.open_beneath("fifo", how));
      co_return found ? std::error_code{} : found.error();
    }(directory, flags));
    co_await hocket::sleep(100ms);
    EXPECT_FALSE(opening.done());
    directory.close();
    EXPECT_EQ(co_await opening, std::errc::operation_canceled);
    EXPECT_FALSE(is_read_by_somebody(place.path));
  }
}

HOCKET_TEST(fifo, that_is_removed_while_somebody_waits_to_write_is_an_error) {
  const fifo_folder place;
  auto writing = create_task([](std::string path) -> coro<std::string> {
    co_return co_await what_is_thrown(file::open(path, O_WRONLY));
  }(place.path));
  co_await hocket::sleep(100ms);
  EXPECT_EQ(::unlink(place.path.c_str()), 0);
  EXPECT_EQ(co_await writing, "cannot open '" + place.path + "': No such file or directory");
}

HOCKET_TEST(fifo, holds_up_no_other_files_while_a_hundred_wait_for_it) {
  const fifo_folder read, written;
  std::vector<hocket::task<file>> waiting;
  for (int n = 0; n < 50; ++n) {
    waiting.push_back(create_task(opened(read.path, O_RDONLY)));
    waiting.push_back(create_task(opened(written.path, O_WRONLY)));
  }
  co_await hocket::sleep(100ms);
  file other = co_await file::open(read.path + ".other", O_WRONLY | O_CREAT);
  co_await other.write("text");
  for (auto& each : waiting) EXPECT_FALSE(each.done());
  file writer = co_await file::open(read.path, O_WRONLY);
  file reader = co_await file::open(written.path, O_RDONLY);
  for (auto& each : waiting) co_await each;
}

TEST(fifo, that_is_still_opened_at_the_end_of_a_run_does_not_keep_it) {
  for (const auto backend : hocket::testing::every_backend()) {
    const fifo_folder place;
    const auto leave = [&place]() -> coro<void> {
      static_cast<void>(create_task(opened(place.path, O_RDONLY)));
      static_cast<void>(create_task(opened(place.path + ".", O_RDONLY)));
      co_await hocket::sleep(50ms);
    };
    EXPECT_EQ(::mkfifo((place.path + ".").c_str(), 0600), 0);
    hocket::run(leave(), {.backend = backend});
    EXPECT_FALSE(is_read_by_somebody(place.path));
  }
}

// Another process sees the same as from open(2): the other end is there, and was so all the time.
HOCKET_REAL_TIME_TEST(fifo, meets_threads_that_block_in_open) {
  const fifo_folder there, back;
  std::thread peer([&] {
    sigset_t all;
    sigfillset(&all);  // who blocks does not look whether a signal has struck
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const int from = ::open(there.path.c_str(), O_RDONLY | O_CLOEXEC);
    const int to = ::open(back.path.c_str(), O_WRONLY | O_CLOEXEC);
    char bytes[16];
    const ssize_t count = ::read(from, bytes, sizeof bytes);
    EXPECT_EQ(::write(to, bytes, static_cast<std::size_t>(count)), count);
    ::close(from);
    ::close(to);
  });
  file to = co_await file::open(there.path, O_WRONLY);
  file from = co_await file::open(back.path, O_RDONLY);
  co_await to.write("text");
  EXPECT_EQ(co_await from.read_all(), "text");
  peer.join();
}

TEST(fifo, opened_and_cancelled_anywhere_leaves_nothing_behind) {
  for (const auto backend : hocket::testing::every_backend()) {
    const fifo_folder place;
    const std::size_t before = count_open_numbers();
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&place]() -> coro<void> {
          auto [reader, writer] = co_await hocket::gather(opened(place.path, O_RDONLY), opened(place.path, O_WRONLY));
          co_await writer.write("text");
          writer.close();
          EXPECT_EQ(co_await reader.read_all(), "text");
        },
        {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.cancelled, 2U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}
