#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <io/connected_sockets.hpp>
#include <io/terminal.hpp>
#include <sys/ioctl.h>
#include <termios.h>

#include <hocket/core/sleep.hpp>
#include <hocket/io/console.hpp>
#include <hocket/testing/test.hpp>

using hocket::byte_stream;
using hocket::console;
using hocket::coro;
using hocket::create_task;
using hocket::io_handle;
using hocket::testing::cancelling_ends;
using hocket::testing::stand_in;
using hocket::testing::terminal;
using hocket::testing::wait_all_tasks_blocked;

namespace {

/// A person at the terminal that is the process's standard input and output as long as this exists.
class person {
 public:
  person()
      : side_(io_handle(pair_.person)), input_(STDIN_FILENO, pair_.program), output_(STDOUT_FILENO, pair_.program) {}
  ~person() { ::close(pair_.program); }

  coro<void> type(std::string keys) { co_await side_.send_all(std::move(keys)); }

  /// What the terminal has shown so far, once it ends so; without what moves the cursor.
  coro<std::string> sees(std::string end) {
    while (!plain(shown_).ends_with(end)) {
      const auto piece = co_await side_.receive();
      if (piece.empty()) break;
      shown_ += piece.text();
    }
    co_return plain(shown_);
  }

  /// The lines as they stand: each drawing of one takes the place of the one before.
  [[nodiscard]] static std::string plain(std::string_view shown) {
    std::string lines;
    while (!shown.empty()) {
      if (shown.starts_with("\r\033[K")) {
        lines.erase(lines.rfind('\n') == std::string::npos ? 0 : lines.rfind('\n') + 1);
        shown.remove_prefix(4);
        continue;
      }
      if (shown.front() != '\r') lines += shown.front();
      shown.remove_prefix(1);
    }
    return lines;
  }

  void put_into_lines() const {  // as a shell does
    termios state{};
    EXPECT_EQ(::tcgetattr(pair_.program, &state), 0);
    state.c_lflag |= ICANON | ECHO;
    EXPECT_EQ(::tcsetattr(pair_.program, TCSANOW, &state), 0);
  }
  void send_returns_as_they_are() const {
    termios state{};
    EXPECT_EQ(::tcgetattr(pair_.program, &state), 0);
    state.c_iflag &= ~static_cast<tcflag_t>(ICRNL);
    EXPECT_EQ(::tcsetattr(pair_.program, TCSANOW, &state), 0);
  }
  [[nodiscard]] bool is_in_lines() const {
    termios state{};
    EXPECT_EQ(::tcgetattr(pair_.program, &state), 0);
    return (state.c_lflag & ICANON) != 0 && (state.c_lflag & ECHO) != 0;
  }
  void set_width(unsigned short columns) const {
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(::ioctl(pair_.program, TIOCSWINSZ, &size), 0);
  }

 private:
  terminal pair_;
  byte_stream side_;
  stand_in input_, output_;
  std::string shown_;
};

coro<std::optional<std::string>> line_of(console& from) { co_return co_await from.readline(); }

}  // namespace

HOCKET_TEST(console, shows_the_prompt_and_what_is_typed_and_gives_the_line) {
  person user;
  console screen;
  EXPECT_TRUE(screen.is_terminal());
  auto reading = create_task(line_of(screen));
  EXPECT_EQ(co_await user.sees("> "), "> ");
  co_await user.type("hel");
  EXPECT_EQ(co_await user.sees("hel"), "> hel");
  co_await user.type("lo\n");
  EXPECT_EQ(co_await reading, "hello");
  EXPECT_EQ(co_await user.sees("\n"), "> hello\n");
  co_await screen.close();
}

HOCKET_TEST(console, prints_above_the_line_that_is_being_typed) {
  person user;
  console screen({.prompt = "? "});
  auto reading = create_task(line_of(screen));
  co_await user.type("ab");
  co_await user.sees("? ab");
  co_await screen.print("news");
  EXPECT_EQ(co_await user.sees("news\n? ab"), "news\n? ab");
  co_await user.type("c\n");
  EXPECT_EQ(co_await reading, "abc");
  co_await user.sees("abc\n");
  co_await screen.print("more");
  EXPECT_EQ(co_await user.sees("more\n"), "news\n? abc\nmore\n");
  co_await screen.close();
}

HOCKET_TEST(console, gives_the_same_line_however_the_keys_come) {
  // Taken away: a character of two bytes, a line by Ctrl-U, an arrow key and one with a number, a key with Alt; bells and tabs do nothing.
  const std::string keys = "zzz\25k\xC3\xA4s\xC3\xA4\177e\33[D\33[15~\33OP\33x\a\t 1\b2\nnext\n";
  for (std::size_t cut = 0; cut <= keys.size(); ++cut) {
    person user;
    console screen;
    auto reading = create_task(line_of(screen));
    co_await user.sees("> ");
    co_await user.type(keys.substr(0, cut));
    co_await wait_all_tasks_blocked();
    co_await user.type(keys.substr(cut));
    EXPECT_EQ(co_await reading, "k\xC3\xA4se 2") << cut;
    EXPECT_EQ(co_await screen.readline(), "next") << cut;
    co_await screen.close();
  }
}

HOCKET_TEST(console, keeps_what_was_typed_when_reading_is_cancelled_and_reads_no_key_twice) {
  person user;
  console screen;
  auto reading = create_task(line_of(screen));
  co_await user.type("ab");
  co_await user.sees("> ab");
  EXPECT_TRUE(co_await cancelling_ends(reading));
  reading = create_task(line_of(screen));
  co_await wait_all_tasks_blocked();
  co_await user.type("c\n");
  EXPECT_EQ(co_await reading, "abc");
  co_await screen.close();
}

HOCKET_TEST(console, ends_by_ctrl_d_at_the_beginning_of_a_line_only) {
  person user;
  console screen;
  auto reading = create_task(line_of(screen));
  co_await user.type("a\4b\n\4");
  EXPECT_EQ(co_await reading, "ab");
  EXPECT_EQ(co_await screen.readline(), std::nullopt);
  co_await screen.close();
}

HOCKET_TEST(console, takes_no_more_of_a_line_than_it_may_and_shows_its_end) {
  person user;
  user.set_width(10);
  console screen({.line_limit = 20});
  auto reading = create_task(line_of(screen));
  co_await user.type("0123456789abcdefghijKLMNOP");
  EXPECT_EQ(co_await user.sees("> defghij"), "> defghij");
  co_await user.type("\n");
  EXPECT_EQ(co_await reading, "0123456789abcdefghij");
  co_await screen.close();
}

HOCKET_TEST(console, ends_a_line_by_the_return_key_of_a_terminal_that_makes_no_newline_of_it) {
  person user;
  user.send_returns_as_they_are();
  console screen;
  auto reading = create_task(line_of(screen));
  co_await user.type("one\rtwo\r");
  EXPECT_EQ(co_await reading, "one");
  EXPECT_EQ(co_await screen.readline(), "two");
  co_await screen.close();
}

HOCKET_TEST(console, waits_with_printing_while_the_terminal_takes_no_more) {
  person user;
  console screen;
  const auto printing = create_task(screen.print(std::string(200'000, 'x') + "the end"));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(printing.done());
  const std::string shown = co_await user.sees("the end\n");
  EXPECT_EQ(shown.size(), 200'008U);
  co_await printing;
  co_await screen.close();
}

HOCKET_TEST(console, takes_the_terminal_again_once_its_process_is_continued) {
  person user;
  console screen;
  const auto reading = create_task(line_of(screen));
  co_await user.type("ab");
  co_await user.sees("> ab");
  user.put_into_lines();
  ::raise(SIGCONT);
  co_await user.sees("> ab");
  while (user.is_in_lines()) co_await hocket::sleep(std::chrono::milliseconds(1));
  co_await user.type("c\n");
  EXPECT_EQ(co_await reading, "abc");
  co_await screen.close();
}

HOCKET_TEST(console, leaves_the_terminal_as_it_was) {
  person user;
  {
    console screen;
    EXPECT_FALSE(user.is_in_lines());
    co_await screen.close();
  }
  EXPECT_TRUE(user.is_in_lines());
}

HOCKET_TEST(console, reads_and_writes_lines_as_they_are_where_there_is_no_terminal) {
  std::array<int, 2> in{}, out{};
  EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
  {
    const stand_in input(STDIN_FILENO, in[0]), output(STDOUT_FILENO, out[1]);
    const std::string_view typed = "one\n\4\33x\nlast";
    EXPECT_EQ(::write(in[1], typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
    ::close(in[1]);
    console screen;
    EXPECT_FALSE(screen.is_terminal());
    EXPECT_EQ(co_await screen.readline(), "one");
    co_await screen.print("seen");
    EXPECT_EQ(co_await screen.readline(), "\4\33x");
    EXPECT_EQ(co_await screen.readline(), "last");
    EXPECT_EQ(co_await screen.readline(), std::nullopt);
    co_await screen.close();
  }
  std::array<char, 64> bytes{};
  const auto count = ::read(out[0], bytes.data(), bytes.size());
  EXPECT_EQ(std::string_view(bytes.data(), static_cast<std::size_t>(count)), "seen\n");
  for (const int each : {in[0], out[0], out[1]}) ::close(each);
}
