#include <filesystem>
#include <string>

#include <http/standard_output_in_a_pipe.hpp>
#include <io/temporary_directory.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/http/server/log_file.hpp>
#include <hocket/testing/test.hpp>

using hocket::coro;
using hocket::http::log_file;
using hocket::testing::content_of;
using hocket::testing::temporary_directory;

namespace {

HOCKET_TEST(log_file, keeps_the_order_of_lines) {
  const temporary_directory folder;
  auto log = co_await log_file::open(folder / "log");
  std::string expected;
  for (int n = 0; n < 1000; ++n) {
    const std::string line = std::to_string(n) + "\n";
    log->write(line);
    expected += line;
    if (n % 100 == 0) co_await hocket::sleep(std::chrono::seconds(0));
  }
  co_await log->close();
  EXPECT_TRUE(content_of(folder / "log") == expected);
  EXPECT_EQ(log->lost(), 0U);
}

HOCKET_TEST(log_file, appends_to_what_is_there) {
  const temporary_directory folder;
  hocket::testing::write_file(folder / "log", "one\n");
  auto log = co_await log_file::open(folder / "log");
  log->write("two\n");
  co_await log->close();
  EXPECT_EQ(content_of(folder / "log"), "one\ntwo\n");
}

HOCKET_TEST(log_file, is_opened_again_when_it_was_moved_away) {
  const temporary_directory folder;
  auto log = co_await log_file::open(folder / "log");
  log->write("one\n");
  co_await hocket::testing::wait_all_tasks_blocked();
  while (content_of(folder / "log").empty()) co_await hocket::sleep(std::chrono::milliseconds(1));
  std::filesystem::rename(folder / "log", folder / "log.1");
  log->reopen();
  log->write("two\n");
  co_await log->close();
  EXPECT_EQ(content_of(folder / "log.1"), "one\n");
  EXPECT_EQ(content_of(folder / "log"), "two\n");
}

HOCKET_TEST(log_file, that_cannot_be_opened_again_goes_on) {
  const temporary_directory folder;
  std::filesystem::create_directory(folder / "sub");
  std::string reported;
  auto log =
      co_await log_file::open(folder / "sub/log", {.on_error = [&](const std::string& what) { reported += what; }});
  std::filesystem::rename(folder / "sub", folder / "other");
  log->reopen();
  log->write("one\n");
  co_await log->close();
  EXPECT_EQ(content_of(folder / "other/log"), "one\n");
  EXPECT_TRUE(reported.contains("sub/log")) << reported;
}

HOCKET_TEST(log_file, loses_lines_rather_than_to_grow_without_bound) {
  const temporary_directory folder;
  auto log = co_await log_file::open(folder / "log", {.most_waiting_bytes = 10});
  for (int n = 0; n < 5; ++n) log->write("four\n");
  co_await log->close();
  EXPECT_EQ(content_of(folder / "log"), "four\nfour\n");
  EXPECT_EQ(log->lost(), 3U);
  log->write("late\n");
  EXPECT_EQ(log->lost(), 4U);
}

HOCKET_TEST(log_file, tells_once_that_the_disk_is_full) {
  std::string reported;
  auto log =
      co_await log_file::open("/dev/full", {.on_error = [&](const std::string& what) { reported += what + "\n"; }});
  for (int n = 0; n < 3; ++n) {
    log->write("four\n");
    while (log->lost() <= static_cast<std::uint64_t>(n)) co_await hocket::sleep(std::chrono::milliseconds(1));
  }
  co_await log->close();
  EXPECT_EQ(std::ranges::count(reported, '\n'), 1) << reported;
  EXPECT_TRUE(reported.contains("/dev/full")) << reported;
}

HOCKET_TEST(log_file, that_goes_while_it_writes_tells_nobody) {
  const temporary_directory folder;
  for (const char* path : {"", "/dev/full"}) {
    auto told = std::make_unique<std::string>();
    auto log = co_await log_file::open(*path == 0 ? folder / "log" : path,
                                       {.on_error = [to = told.get()](const std::string& what) { *to += what; }});
    log->write("one\n");
    co_await hocket::sleep(std::chrono::seconds(0));
    log->write("two\n");
    log->reopen();
    log.reset();
    told.reset();
    co_await hocket::testing::wait_all_tasks_blocked();
  }
}

HOCKET_TEST(log_file, to_standard_output_comes_in_order) {
  hocket::testing::standard_output_in_a_pipe pipe;
  auto log = log_file::standard_output();
  log->write("one\n");
  log->reopen();
  log->write("two\n");
  std::string taken;
  while (taken.size() < 8) taken += (co_await pipe.reader.receive()).text();
  EXPECT_EQ(taken, "one\ntwo\n");
  co_await log->close();
}

HOCKET_TEST(log_file, to_a_standard_output_that_takes_nothing_counts_what_it_loses) {
  hocket::testing::standard_output_in_a_pipe pipe;
  const std::size_t full = pipe.fill();
  std::string reported;
  auto log = log_file::standard_output(
      {.most_waiting_bytes = 10, .on_error = [&](const std::string& what) { reported += what + "\n"; }});
  log->write("zero\n");  // is on its way
  for (int n = 0; n < 5; ++n) log->write("four\n");
  EXPECT_EQ(log->lost(), 3U);
  EXPECT_EQ(reported, "lines of the log are lost, for too many wait\n");
  std::string taken;
  while (taken.size() < full + 15) taken += (co_await pipe.reader.receive()).text();
  EXPECT_EQ(taken.substr(full), "zero\nfour\nfour\n");
  co_await log->close();
}

HOCKET_TEST(log_file, without_a_place_is_an_error) {
  const temporary_directory folder;
  EXPECT_THROW(static_cast<void>(co_await log_file::open(folder / "no/log")), std::system_error);
}

}  // namespace
