// No mode of the terminal is changed but within a write, so that whatever ends the program leaves it clean: lines are not wrapped while they
// are written, and the next text begins where the cursor finds the first line of this one.

#include "watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.hpp"

namespace hocket::app {
namespace {

constexpr std::string_view no_wrapping = "\x1b[?7l";
constexpr std::string_view wrapping = "\x1b[?7h";
constexpr std::string_view to_end_of_line = "\x1b[K";
constexpr std::string_view to_end_of_screen = "\x1b[J";
constexpr std::string_view empty_screen = "\x1b[2J\x1b[H";

// How many lines the terminal at standard output shows; 0: it is none.
std::size_t rows_of_terminal() noexcept {
  winsize size{};
  if (::isatty(STDOUT_FILENO) == 0 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 3) return 0;
  return size.ws_row;
}

void write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
  throw failure(fmt::format("cannot write to standard output: {}", std::strerror(errno)), work_failed);
}

class redrawn_text {
 public:
  // With `anew` on a screen that was emptied: nobody knows where lines stand that were wrapped otherwise.
  void show(std::string_view text, std::size_t rows, bool anew) {
    std::string all(no_wrapping);
    if (anew)
      all += empty_screen;
    else if (shown_ > 0)
      all += fmt::format("\r\x1b[{}A", shown_);
    shown_ = 0;
    for (const std::size_t room = rows - 1; !text.empty(); ++shown_) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
      if (shown_ + 1 == room && lines > 1) {
        all += fmt::format("... {} more lines{}\r\n", lines, to_end_of_line);
        ++shown_;
        break;
      }
      all.append(text.substr(0, end)).append(to_end_of_line).append("\r\n");
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    write(all.append(to_end_of_screen).append(wrapping));
  }

 private:
  std::size_t shown_ = 0;  // lines, below which the cursor stands
};

// Signals that are taken in one by one, where they are waited for.
class taken_signals {
 public:
  taken_signals() {
    ::sigemptyset(&set_);
    for (const int number : {SIGINT, SIGTERM, SIGWINCH}) ::sigaddset(&set_, number);
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~taken_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  taken_signals(const taken_signals&) = delete;

  // 0 if none has come in that time.
  [[nodiscard]] int wait(std::chrono::duration<double> limit) const noexcept {
    const double seconds = std::floor(limit.count());
    const timespec time{.tv_sec = static_cast<time_t>(seconds),
                        .tv_nsec = static_cast<long>((limit.count() - seconds) * 1e9)};
    return std::max(0, ::sigtimedwait(&set_, nullptr, &time));
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace

int watch(std::chrono::duration<double> interval, const std::string& title, const std::string& between,
          const std::function<std::optional<std::string>()>& text) {
  const taken_signals signals;
  redrawn_text screen;
  int signal = 0;
  for (bool is_first = true;; is_first = false) {
    const auto now = text();
    if (!now) return done;
    if (const std::size_t rows = rows_of_terminal(); rows > 0)
      screen.show(title + "\n" + *now, rows, signal == SIGWINCH);
    else
      write(is_first ? *now : between + *now);
    signal = signals.wait(interval);
    if (signal != SIGINT && signal != SIGTERM) continue;
    if (rows_of_terminal() > 0) write(fmt::format("\r{}", to_end_of_line));  // "^C"
    if (signal == SIGTERM) std::raise(SIGTERM);                              // comes when signals are let through
    return interrupted;
  }
}

}  // namespace hocket::app
