#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <io/connected_sockets.hpp>
#include <io/terminal.hpp>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/pipe.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_expected;
using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::file;
using hocket::io_handle;
using hocket::make_pipe;
using hocket::testing::cancelling_ends;
using hocket::testing::stand_in;
using hocket::testing::terminal;
using hocket::testing::wait_all_tasks_blocked;

namespace {

coro<std::string> receive_all(byte_stream& from) {
  std::string all;
  while (const auto piece = co_await from.receive()) all += piece.text();
  co_return all;
}

coro<void> send_and_close(byte_stream& to, std::string bytes) {
  co_await to.send_all(bytes);
  co_await to.close();
}

}  // namespace

HOCKET_TEST(pipe, carries_bytes_and_then_the_end) {
  auto [reader, writer] = make_pipe();
  co_await writer.send_all("hello");
  EXPECT_EQ((co_await reader.receive()).text(), "hello");
  co_await writer.shutdown_send();
  EXPECT_TRUE((co_await reader.receive()).empty());
}

HOCKET_TEST(pipe, holds_up_who_writes_more_than_it_takes_and_loses_nothing) {
  auto [reader, writer] = make_pipe();
  std::string much;
  for (int n = 0; much.size() < 3'000'000; ++n) much += std::to_string(n);
  auto writing = create_task(send_and_close(writer, much));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(writing.done());
  EXPECT_EQ(co_await receive_all(reader), much);
  co_await writing;
}

HOCKET_TEST(pipe, sends_pieces_in_their_order) {
  auto [reader, writer] = make_pipe();
  const std::string large(200'000, 'x');
  const std::array<std::string_view, 4> pieces{"one", large, "", "two"};
  auto writing = create_task([](byte_stream& to, std::span<const std::string_view> all) -> coro<void> {
    co_await to.send_all(all);
    co_await to.close();
  }(writer, pieces));
  EXPECT_EQ(co_await receive_all(reader), "one" + large + "two");
  co_await writing;
}

HOCKET_TEST(pipe, that_is_read_can_be_cancelled_at_once_and_loses_no_byte) {
  auto [reader, writer] = make_pipe();
  auto reading = create_task(receive_all(reader));
  co_await wait_all_tasks_blocked();
  EXPECT_EQ(hocket::loop::running().io().lent_buffers(), 0U);
  EXPECT_TRUE(co_await cancelling_ends(reading));
  co_await writer.send_all("late");
  EXPECT_EQ((co_await reader.receive()).text(), "late");
}

HOCKET_TEST(pipe, that_is_full_can_be_given_up_after_a_time) {
  auto [reader, writer] = make_pipe();
  const std::string much(1'000'000, 'x');
  bool expired = false;
  try {
    co_await hocket::with_timeout(1s, writer.send_all(much));
  } catch (const hocket::timeout_error&) {
    expired = true;
  }
  EXPECT_TRUE(expired);
}

HOCKET_TEST(pipe, without_a_reader_is_an_error_and_no_signal) {
  auto [reader, writer] = make_pipe();
  co_await writer.send_all("x");
  co_await reader.close();
  const auto sent = co_await as_expected(writer.send_all("y"));
  EXPECT_EQ(sent.error(), std::errc::broken_pipe);
  const std::array<std::string_view, 2> pieces{"1", "2"};
  EXPECT_EQ((co_await as_expected(writer.send_all(pieces))).error(), std::errc::broken_pipe);
}

HOCKET_TEST(pipe, that_loses_its_reader_ends_who_waits_to_write) {
  auto [reader, writer] = make_pipe();
  const std::string much(1'000'000, 'x');
  auto writing = create_task([](byte_stream& to, std::string_view bytes) -> coro<std::error_code> {
    const auto sent = co_await as_expected(to.send_all(bytes));
    co_return sent ? std::error_code() : sent.error();
  }(writer, much));
  co_await wait_all_tasks_blocked();
  co_await reader.close();
  EXPECT_EQ(co_await writing, std::errc::broken_pipe);
}

HOCKET_TEST(pipe, has_the_streams_of_a_connection) {
  auto [from, to] = make_pipe();
  auto reader = hocket::connect_read_pipe(std::move(from));
  auto writer = hocket::connect_write_pipe(std::move(to));
  writer.write("one\ntwo\n" + std::string(100'000, 'x'));
  writer.write_eof();
  EXPECT_EQ(co_await reader.readline(), "one\n");
  EXPECT_EQ(co_await reader.readline(), "two\n");
  EXPECT_EQ(co_await reader.read(), std::string(100'000, 'x'));
  EXPECT_TRUE(reader.at_eof());
  writer.close();
  co_await writer.wait_closed();
}

// Shared with others, who do not expect their flags to change: on both backends the descriptor blocks.
HOCKET_TEST(pipe, that_was_made_elsewhere_keeps_its_flags_and_blocks_nobody) {
  int numbers[2];
  EXPECT_EQ(::pipe2(numbers, O_CLOEXEC), 0);
  byte_stream reader(io_handle{numbers[0]}), writer(io_handle{numbers[1]});
  auto reading = create_task(receive_all(reader));
  co_await wait_all_tasks_blocked();
  const std::string much(1'000'000, 'x');
  auto writing = create_task(send_and_close(writer, much));
  EXPECT_EQ(::fcntl(numbers[0], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(numbers[1], F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(co_await reading, much);
  co_await writing;
}

HOCKET_TEST(terminal, gives_lines_when_they_are_typed_and_takes_text) {
  terminal pair;
  byte_stream person(io_handle{pair.person}), program(io_handle{pair.program});
  auto reading = create_task(
      [](byte_stream& from) -> coro<std::string> { co_return std::string((co_await from.receive()).text()); }(program));
  co_await person.send_all("no line yet");
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(reading.done());
  co_await person.send_all("\n");
  EXPECT_EQ(co_await reading, "no line yet\n");
  static_cast<void>(co_await person.receive());  // the echo
  co_await program.send_all("answer");
  std::string seen;
  while (!seen.ends_with("answer")) seen += (co_await person.receive()).text();
}

HOCKET_TEST(terminal, that_nobody_types_at_is_cancelled_at_once) {
  terminal pair;
  byte_stream person(io_handle{pair.person}), program(io_handle{pair.program});
  auto reading = create_task(receive_all(program));
  co_await wait_all_tasks_blocked();
  EXPECT_TRUE(co_await cancelling_ends(reading));
}

coro<std::string> answer_of(byte_stream& from) {
  const auto bytes = co_await as_expected(from.receive());
  if (!bytes) co_return bytes.error().message();
  co_return bytes->empty() ? "the end" : std::string(bytes->text());
}

HOCKET_TEST(terminal, whose_person_hangs_up_gives_the_program_the_end) {
  terminal pair;
  byte_stream person(io_handle{pair.person}), program(io_handle{pair.program});
  auto reading = create_task(answer_of(program));
  co_await wait_all_tasks_blocked();
  co_await person.close();
  EXPECT_EQ(co_await reading, "the end");
  EXPECT_EQ(co_await answer_of(program), "the end");
  EXPECT_EQ((co_await as_expected(program.send_all("nobody there"))).error(), std::errc::io_error);
}

HOCKET_TEST(terminal, whose_program_is_gone_is_an_error_for_the_person) {
  terminal pair;
  byte_stream person(io_handle{pair.person}), program(io_handle{pair.program});
  co_await program.send_all("last words");
  EXPECT_EQ(co_await answer_of(person), "last words");
  auto reading = create_task(answer_of(person));
  co_await wait_all_tasks_blocked();
  co_await program.close();
  EXPECT_EQ(co_await reading, "Input/output error");
  EXPECT_EQ(co_await answer_of(person), "Input/output error");
}

// The kernel wakes who waits, for nothing.
HOCKET_TEST(terminal, whose_settings_change_is_read_on) {
  terminal pair;
  termios lines{}, keys{};
  EXPECT_EQ(::tcgetattr(pair.program, &lines), 0);
  keys = lines;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  byte_stream person(io_handle{pair.person}), program(io_handle{pair.program});
  auto reading = create_task(answer_of(program));
  co_await wait_all_tasks_blocked();
  for (const termios& each : {keys, lines, keys}) {
    EXPECT_EQ(::tcsetattr(pair.program, TCSANOW, &each), 0);
    co_await wait_all_tasks_blocked();
  }
  co_await person.send_all("x");
  EXPECT_EQ(co_await reading, "x");
}

HOCKET_TEST(terminal, that_nobody_reads_from_can_be_given_up_and_goes_on_later) {
  terminal pair;
  byte_stream person(io_handle{pair.person}), program(io_handle{pair.program});
  auto writing = create_task(send_and_close(program, std::string(1'000'000, 'x')));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(writing.done());
  EXPECT_TRUE(co_await cancelling_ends(writing));
  EXPECT_TRUE((co_await answer_of(person)).starts_with("xxx"));
}

HOCKET_TEST(terminal, whose_program_does_not_read_can_be_given_up_and_keeps_its_flags) {
  terminal pair;
  byte_stream person(io_handle{pair.person}), program(io_handle{pair.program});
  std::string lines;
  for (int n = 0; n < 100'000; ++n) lines += "line\n";
  auto writing = create_task(send_and_close(person, lines));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(writing.done());
  EXPECT_EQ(::fcntl(pair.person, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_TRUE(co_await cancelling_ends(writing));
  EXPECT_TRUE((co_await answer_of(program)).starts_with("line\n"));
}

HOCKET_TEST(terminal, has_the_streams_of_a_connection) {
  terminal pair;
  byte_stream person(io_handle{pair.person});
  const int writing_number = ::fcntl(pair.program, F_DUPFD_CLOEXEC, 3);
  auto reader = hocket::connect_read_pipe(byte_stream(io_handle{pair.program}));
  auto writer = hocket::connect_write_pipe(byte_stream(io_handle{writing_number}));
  co_await person.send_all("one\ntwo\n\4");
  EXPECT_EQ(co_await reader.readline(), "one\n");
  EXPECT_EQ(co_await reader.readline(), "two\n");
  EXPECT_EQ(co_await reader.readline(), "");  // Ctrl-D
  writer.write("seen\n");
  writer.close();
  co_await writer.wait_closed();
  std::string seen;
  while (!seen.ends_with("seen\r\n")) seen += (co_await person.receive()).text();
}

HOCKET_TEST(standard_streams, are_pipes_if_the_process_has_pipes) {
  int numbers[2];
  EXPECT_EQ(::pipe2(numbers, O_CLOEXEC), 0);
  {
    const stand_in input(STDIN_FILENO, numbers[0]);
    auto reader = hocket::standard_input();
    EXPECT_EQ(::write(numbers[1], "typed\nmore", 10), 10);
    EXPECT_EQ(co_await reader.readline(), "typed\n");
    ::close(numbers[1]);
    EXPECT_EQ(co_await reader.read(), "more");
  }
  ::close(numbers[0]);
}

HOCKET_TEST(standard_streams, are_files_if_the_process_has_files) {
  char path[] = "/tmp/hocket-standard-XXXXXX";
  const int number = ::mkstemp(path);
  {
    const stand_in output(STDOUT_FILENO, number);
    auto writer = hocket::standard_output();
    writer.write(std::string(100'000, 'x'));
    writer.write("\n");
    writer.close();
    co_await writer.wait_closed();
  }
  EXPECT_EQ(::lseek(number, 0, SEEK_SET), 0);
  {
    const stand_in input(STDIN_FILENO, number);
    auto reader = hocket::standard_input();
    EXPECT_EQ(co_await reader.read(), std::string(100'000, 'x') + "\n");
  }
  ::close(number);
  ::unlink(path);
}

HOCKET_TEST(standard_streams, that_are_files_have_an_end_too) {
  char path[] = "/tmp/hocket-standard-XXXXXX";
  const int number = ::mkstemp(path);
  {
    const stand_in output(STDOUT_FILENO, number);
    auto writer = hocket::standard_output();
    writer.write("text");
    writer.write_eof();
    writer.close();
    co_await writer.wait_closed();
  }
  EXPECT_EQ(::lseek(number, 0, SEEK_END), 4);
  ::close(number);
  ::unlink(path);
}

HOCKET_TEST(standard_streams, that_are_a_terminal_of_which_nobody_reads_hold_up_nobody) {
  terminal pair;
  byte_stream person(io_handle{pair.person});
  bool was_drained = true;
  std::string seen;
  {
    const stand_in output(STDOUT_FILENO, pair.program);  // a failed check would be written there
    auto writer = hocket::standard_output();
    writer.write("first\n" + std::string(1'000'000, 'x'));
    auto draining = create_task([](auto& to) -> coro<void> { co_await to.drain(); }(writer));
    co_await wait_all_tasks_blocked();
    was_drained = draining.done();
    seen = co_await answer_of(person);
    writer.abort();
    static_cast<void>(co_await hocket::as_result(std::move(draining)));
  }
  EXPECT_FALSE(was_drained);
  EXPECT_TRUE(seen.starts_with("first\r\nxxx")) << seen.substr(0, 20);
  EXPECT_EQ(::fcntl(pair.program, F_GETFL) & O_NONBLOCK, 0);
  ::close(pair.program);
}

HOCKET_TEST(standard_streams, are_named_when_they_are_closed) {
  const stand_in nothing(STDERR_FILENO);
  std::string problem;
  try {
    static_cast<void>(hocket::standard_error());
  } catch (const std::system_error& failed) {
    problem = failed.what();
  }
  EXPECT_EQ(problem, "standard error: Bad file descriptor");
  co_return;
}

coro<std::string> what_standard_input_is() {
  try {
    static_cast<void>(hocket::standard_input());
  } catch (const std::system_error& failed) {
    co_return failed.what();
  }
  co_return "open";
}

// Numbers that are free are given to whoever opens something first: that must not be the loop itself.
TEST(standard_streams, that_are_closed_do_not_become_the_loops_own) {
  for (const auto backend : hocket::testing::every_backend()) {
    const stand_in nothing(STDIN_FILENO);
    EXPECT_EQ(hocket::run(what_standard_input_is(), {.backend = backend}), "standard input: Bad file descriptor");
  }
}

HOCKET_TEST(standard_streams, may_be_nothing_at_all) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  {
    const stand_in input(STDIN_FILENO, null), output(STDOUT_FILENO, null);
    auto reader = hocket::standard_input();
    EXPECT_EQ(co_await reader.read(), "");
    auto writer = hocket::standard_output();
    writer.write("lost");
    writer.close();
    co_await writer.wait_closed();
  }
  ::close(null);
}
