// The line that is typed is drawn anew below each line that is printed, and after each bunch of keys: back to the left, clear to
// the right, prompt and text, so much of its end as fits. So the terminal never holds more than that one line of ours.

#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <hocket/io/console.hpp>

namespace hocket {
namespace {

constexpr char end_of_input = '\4';  // Ctrl-D
constexpr char erase_line = '\25';   // Ctrl-U
constexpr char escape = '\33';
constexpr char rubout = '\177';
constexpr std::size_t keys_at_once = 256;
constexpr std::size_t usual_width = 80;

bool continues_character(char byte) noexcept { return (byte & 0xC0) == 0x80; }  // UTF-8

std::size_t width_of_terminal() noexcept {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_width;
}

/// Of a character in UTF-8, by its first byte.
std::size_t size_of_character(char first) noexcept {
  const auto byte = static_cast<unsigned char>(first);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
}

/// The last byte of a control sequence. ECMA-48, 5.4
bool ends_sequence(char byte) noexcept { return byte >= '@' && byte <= '~'; }

}  // namespace

/// A terminal that gives each key at once and does not show it; as it was before, once this is gone. termios(3)
class console::key_mode {
 public:
  key_mode() { apply(); }
  ~key_mode() {
    if (is_on_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  key_mode(const key_mode&) = delete;

  [[nodiscard]] bool is_on() const noexcept { return is_on_; }
  void apply() const noexcept {
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    if (is_on_) ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }

 private:
  termios before_{};
  bool is_on_ = ::isatty(STDOUT_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0;
};

console::console(console_options options)
    : loop_(loop::running()),
      options_(std::move(options)),
      input_(standard_input()),
      output_(standard_output()),
      mode_(std::make_unique<key_mode>()) {
  loop_.add_signal_handler(SIGCONT, [this] {  // the shell had the terminal meanwhile
    mode_->apply();
    if (asking_) draw();
  });
}

console::~console() { loop_.remove_signal_handler(SIGCONT); }

bool console::is_terminal() const noexcept { return mode_->is_on(); }

coro<void> console::print(std::string line) {
  output_.write(is_terminal() ? fmt::format("\r\033[K{}\n{}", line, shown()) : line + "\n");
  co_await output_.drain();
}

coro<std::optional<std::string>> console::readline() {
  if (is_terminal()) co_return co_await read_keys();
  std::string line = co_await input_.readline();
  if (line.empty()) co_return std::nullopt;
  if (line.ends_with('\n')) line.pop_back();
  co_return line;
}

coro<void> console::close() {
  if (std::exchange(asking_, false)) output_.write("\n");
  output_.close();
  co_await output_.wait_closed();
}

coro<std::optional<std::string>> console::read_keys() {
  asking_ = true;
  for (;; ++next_key_) {
    if (next_key_ == keys_.size()) {
      draw();
      co_await output_.drain();  // a terminal that stands still (Ctrl-S) gets no more keys than it can show
      std::string more = co_await input_.read(keys_at_once);
      keys_ = std::move(more);
      next_key_ = 0;
      if (keys_.empty()) co_return std::nullopt;  // the terminal is gone
    }
    const char key = keys_[next_key_];
    if (key == end_of_input && line_.empty()) co_return std::nullopt;
    if (key == '\n' || key == '\r') break;
    edit(key);
  }
  ++next_key_;
  state_ = keys_are::text;
  draw("\n");
  asking_ = false;
  co_return std::exchange(line_, {});
}

void console::edit(char key) {
  const keys_are before = std::exchange(state_, keys_are::text);
  if (before == keys_are::parameters) {
    if (!ends_sequence(key)) state_ = keys_are::parameters;
  } else if (before == keys_are::one_more) {
  } else if (before == keys_are::behind_escape && (key == '[' || key == 'O')) {
    state_ = key == '[' ? keys_are::parameters : keys_are::one_more;
  } else if (key == escape) {
    state_ = keys_are::behind_escape;
  } else if (before == keys_are::behind_escape && size_of_character(key) == 1) {  // Alt and that key
  } else if (continues_character(key)) {
    if (before == keys_are::too_many)
      state_ = before;
    else if (line_.size() < options_.line_limit)
      line_ += key;
  } else if (key == rubout || key == '\b') {
    while (!line_.empty() && continues_character(line_.back())) line_.pop_back();
    if (!line_.empty()) line_.pop_back();
  } else if (key == erase_line) {
    line_.clear();
  } else if (static_cast<unsigned char>(key) >= ' ') {
    if (line_.size() + size_of_character(key) <= options_.line_limit)
      line_ += key;
    else
      state_ = keys_are::too_many;
  }
}

void console::draw(std::string_view end) { output_.write(fmt::format("\r\033[K{}{}", shown(), end)); }

std::string console::shown() const {
  if (!asking_) return "";
  const std::size_t taken = options_.prompt.size() + 1;  // the cursor has a place, too
  const std::size_t width = width_of_terminal();
  std::size_t room = width > taken ? width - taken : 1;
  std::size_t begin = line_.size();
  for (; begin > 0 && room > 0; --begin)
    if (!continues_character(line_[begin - 1])) --room;
  return options_.prompt + line_.substr(begin);
}

}  // namespace hocket
