#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/io/pipe.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket {

struct console_options {
  std::string prompt = "> ";
  /// Bytes of a line that is typed; more are not taken. Lines that come without a terminal have the limit of a `stream_reader`.
  std::size_t line_limit = 4096;
};

/// Lines from standard input, and lines to standard output above the one that is being typed: for a program that talks with a
/// person while its tasks go on printing.
///
///     hocket::console screen;
///     while (auto line = co_await screen.readline()) co_await screen.print("you said " + *line);
///
/// At a terminal it reads keys and shows them itself, behind the prompt and cut to the width (a character is taken to be a column
/// wide): Backspace, Ctrl-U, Ctrl-D at the beginning of a line for the end; other control keys do nothing. Ctrl-C and Ctrl-Z are
/// signals as ever, and the terminal is as it was before once this is destroyed. Where input or output is none, lines come and go as they are, without a prompt.
///
/// One for a process at a time, which belongs to the loop that runs where it is made; takes SIGCONT there, to draw the line again.
/// Counterpart: prompt_toolkit's patch_stdout and prompt_async.
class console {
 public:
  /// Throws std::system_error, which names the stream, if standard input or output is closed.
  explicit console(console_options options = {});
  ~console();
  console(const console&) = delete;
  console& operator=(const console&) = delete;

  /// There is a person who types and sees.
  [[nodiscard]] bool is_terminal() const noexcept;

  /// A line without its end; nothing when there are no more. One task at a time. Cancelled, it keeps what was typed, which stays in
  /// sight, for the next one.
  [[nodiscard]] coro<std::optional<std::string>> readline();

  /// Prints a line, above the one that is being typed. Waits while the terminal does not take more (Ctrl-S). Any task, at any time.
  [[nodiscard]] coro<void> print(std::string line);

  /// Waits until what was printed is out. Not for ever at a terminal that takes nothing: give it a limit.
  [[nodiscard]] coro<void> close();

 private:
  class key_mode;

  [[nodiscard]] coro<std::optional<std::string>> read_keys();
  void edit(char key);
  void draw(std::string_view end = {});
  [[nodiscard]] std::string shown() const;

  loop& loop_;
  console_options options_;
  stream_reader input_;
  stream_writer output_;
  std::unique_ptr<key_mode> mode_;
  std::string keys_;          // that came,
  std::size_t next_key_ = 0;  // and of which these are done with
  std::string line_;          // that is being typed
  bool asking_ = false;       // the prompt is in sight
  /// What the next key belongs to.
  enum class keys_are : std::uint8_t {
    text,
    behind_escape,  // of an arrow, say, or with Alt
    parameters,     // of a control sequence, up to its last byte
    one_more,       // and that ends it
    too_many,       // the line is full; the rest of a character goes the same way
  };
  keys_are state_ = keys_are::text;
};

}  // namespace hocket
