// Commands typed at a prompt, while tasks go on printing above it: the line under way is drawn again below what they say.
// Run: prompt, then `in 2s hello`, `every 500ms tick`, `stop`; Ctrl-D or `quit` ends it. Reads commands from a pipe or a file, too.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/ioctl.h>
#include <termios.h>

#include "program.hpp"

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

/// A terminal that gives each key at once and does not show it; as it was before, once this is gone.
class key_mode {
 public:
  key_mode() { apply(); }
  ~key_mode() {
    if (is_on()) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  key_mode(const key_mode&) = delete;

  /// A person types and sees.
  [[nodiscard]] bool is_on() const noexcept { return is_terminal_; }
  void apply() const noexcept {
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    if (is_on()) ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }

 private:
  termios before_{};
  bool is_terminal_ = ::isatty(STDOUT_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0;
};

class console {
 public:
  console() {
    hocket::loop::running().add_signal_handler(SIGCONT, [this] {  // the shell had the terminal meanwhile
      mode_.apply();
      if (asking_) output_.write("\r\033[K" + prompt());
    });
  }
  ~console() { hocket::loop::running().remove_signal_handler(SIGCONT); }
  console(const console&) = delete;

  /// Without a terminal there is no prompt, and lines come as they are.
  [[nodiscard]] bool is_terminal() const noexcept { return mode_.is_on(); }

  /// Waits while the terminal does not take more (Ctrl-S).
  hocket::coro<void> print(std::string line) {
    output_.write(is_terminal() ? fmt::format("\r\033[K{}\n{}", line, prompt()) : line + "\n");
    co_await output_.drain();
  }

  /// A line without its end; nothing when there are no more.
  hocket::coro<std::optional<std::string>> readline() {
    if (is_terminal()) co_return co_await read_keys();
    std::string line = co_await input_.readline();
    if (line.empty()) co_return std::nullopt;
    if (line.ends_with('\n')) line.pop_back();
    co_return line;
  }

  /// What was printed is out then, if the terminal takes it.
  hocket::coro<void> close() {
    if (asking_) output_.write("\n");
    output_.close();
    co_await hocket::move_on_after(1s, output_.wait_closed());
  }

 private:
  hocket::coro<std::optional<std::string>> read_keys() {
    asking_ = true;
    for (;; ++next_) {
      if (next_ == keys_.size()) {
        output_.write("\r\033[K" + prompt());
        next_ = 0;
        keys_ = co_await input_.read(256);
        if (keys_.empty()) co_return std::nullopt;  // the terminal is gone
      }
      const char key = keys_[next_];
      if (key == '\4' && line_.empty()) co_return std::nullopt;  // Ctrl-D
      if (key == '\n') break;
      edit(key);
    }
    ++next_;
    output_.write("\r\033[K" + prompt() + "\n");
    asking_ = false;
    co_return std::exchange(line_, {});
  }

  void edit(char key) {
    if (in_sequence_)  // of an arrow, say: up to its letter
      in_sequence_ = key == '[' || key == 'O' || key == ';' || (key >= '0' && key <= '9');
    else if (key == '\033')
      in_sequence_ = true;
    else if (key == '\177' || key == '\b')
      erase_last();
    else if (key == '\25')  // Ctrl-U
      line_.clear();
    else if (static_cast<unsigned char>(key) >= ' ' && line_.size() < longest_line)
      line_ += key;
  }

  static bool continues_character(char byte) noexcept { return (byte & 0xC0) == 0x80; }  // UTF-8
  void erase_last() {
    while (!line_.empty() && continues_character(line_.back())) line_.pop_back();
    if (!line_.empty()) line_.pop_back();
  }

  /// With the end of what was typed, as far as it fits.
  [[nodiscard]] std::string prompt() const {
    if (!asking_) return "";
    winsize size{};
    const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    std::size_t room = (is_known ? std::max<std::size_t>(size.ws_col, 4) : 80) - 3;
    std::size_t begin = line_.size();
    for (; begin > 0 && room > 0; --begin)
      if (!continues_character(line_[begin - 1])) --room;
    return "> " + line_.substr(begin);
  }

  static constexpr std::size_t longest_line = 4096;
  hocket::stream_reader input_ = hocket::standard_input();
  hocket::stream_writer output_ = hocket::standard_output();
  key_mode mode_;
  std::string keys_;
  std::size_t next_ = 0;  // of these
  std::string line_;      // that is being typed
  bool asking_ = false;
  bool in_sequence_ = false;
};

/// "2s", "0.5s", "300ms", "5m"; nothing if it is none, or more than a day.
std::optional<hocket::duration> time_in(std::string_view text) {
  double number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, text.data() + text.size());
  const double unit_seconds = unit == "ms" ? 1e-3 : unit == "s" ? 1 : unit == "m" ? 60 : 0;
  const double length = number * unit_seconds;
  if (error != std::errc() || !(length > 0 && length <= 86400)) return std::nullopt;
  return std::chrono::duration_cast<hocket::duration>(seconds(length));
}

hocket::coro<void> remind(console& screen, hocket::duration after, std::string text) {
  co_await hocket::sleep(after);
  co_await screen.print(std::move(text));
}

hocket::coro<void> repeat(console& screen, hocket::duration pause, std::string text) {
  for (;;) {
    co_await hocket::sleep(pause);
    co_await screen.print(text);
  }
}

std::string take_word(std::string_view& from) {
  from.remove_prefix(std::min(from.find_first_not_of(' '), from.size()));
  const std::string word(from.substr(0, from.find(' ')));
  from.remove_prefix(std::min(word.size() + 1, from.size()));
  return word;
}

hocket::coro<void> talk(console& screen) {
  constexpr std::size_t most_tickers = 100;
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    std::vector<hocket::task<void>> tickers;
    while (const auto line = co_await screen.readline()) {
      std::string_view rest = *line;
      const std::string command = take_word(rest);
      if (command.empty()) continue;
      if (command == "quit") break;
      if (command == "stop") {
        for (auto& each : std::exchange(tickers, {})) each.cancel();
        continue;
      }
      const auto time = time_in(take_word(rest));
      if (command == "in" && time)
        group.create_task(remind(screen, *time, std::string(rest)));
      else if (command == "every" && time && *time >= 10ms && tickers.size() < most_tickers)
        tickers.push_back(group.create_task(repeat(screen, *time, std::string(rest))));
      else
        co_await screen.print("there are: in TIME TEXT, every TIME TEXT (10ms or more), stop, quit");
    }
    for (auto& each : tickers) each.cancel();
    if (screen.is_terminal()) group.cancel();  // a person is not kept waiting; from a pipe all reminders are given
  });
}

hocket::coro<void> amain() {
  console screen;
  try {
    co_await hocket::finally(talk(screen), screen.close());
  } catch (const hocket::exception_group& failed) {
    std::rethrow_exception(failed.errors().front());
  }
}

int main(int argc, char** argv) {
  CLI::App options("A prompt above which tasks print.", "prompt");
  read_command_line(options, argc, argv);
  return run_program(options, amain());
}
