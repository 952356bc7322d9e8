#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/http/auth/netrc.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/io/file.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t most_file_bytes = std::size_t{1} << 20;

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class word_reader {
 public:
  explicit word_reader(std::string_view text) noexcept : rest_(text) {}

  /// The next word; nothing at the end.
  std::optional<std::string> next() {
    while (!rest_.empty() && is_blank(rest_.front())) skip();
    word_line_ = line_;
    if (rest_.empty()) return std::nullopt;
    const bool is_quoted = rest_.front() == '"';
    if (is_quoted) skip();
    std::string word;
    while (!rest_.empty() && (is_quoted ? rest_.front() != '"' : !is_blank(rest_.front()))) {
      if (rest_.front() == '\\' && rest_.size() > 1) skip();
      word.push_back(rest_.front());
      skip();
    }
    if (is_quoted) {
      if (rest_.empty()) fail("a quote is not closed");
      skip();
    }
    return word;
  }

  /// The word that a keyword needs.
  std::string next_after(std::string_view keyword) {
    auto word = next();
    if (!word) fail(fmt::format("'{}' is followed by nothing", keyword));
    return std::move(*word);
  }

  void skip_line() {
    while (!rest_.empty() && rest_.front() != '\n') skip();
  }

  /// The rest of this line, and all up to an empty one or the end.
  void skip_macro() {
    skip_line();
    while (!rest_.empty()) {
      skip();
      const auto line = rest_.substr(0, rest_.find('\n'));
      skip_line();
      if (line.empty() || line == "\r") return;
    }
  }

  [[noreturn]] void fail(std::string_view reason) const {
    throw netrc_error(fmt::format("netrc, line {}: {}", word_line_, reason));
  }

 private:
  void skip() noexcept {
    if (rest_.front() == '\n') ++line_;
    rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::size_t line_ = 1;
  std::size_t word_line_ = 1;
};

bool holds_secrets(const netrc& file) noexcept {
  return std::any_of(file.entries().begin(), file.entries().end(),
                     [](const netrc_entry& at) { return !at.password.empty() && at.login != "anonymous"; });
}

}  // namespace

netrc netrc::parse(std::string_view text) {
  netrc result;
  word_reader words(text);
  bool is_open = false;  // whether what comes belongs to the last entry
  while (const auto word = words.next()) {
    if (*word == "machine" || *word == "default") {
      netrc_entry made;
      if (*word == "machine") made.machine = words.next_after(*word);
      if (*word == "machine" && made.machine.empty()) words.fail("a machine has no name");
      result.entries_.push_back(std::move(made));
      is_open = true;
    } else if (*word == "macdef") {
      static_cast<void>(words.next_after(*word));
      words.skip_macro();
      is_open = false;
    } else if (is_open && (*word == "login" || *word == "user")) {
      result.entries_.back().login = words.next_after(*word);
    } else if (is_open && *word == "password") {
      result.entries_.back().password = words.next_after(*word);
    } else if (is_open && *word == "account") {
      result.entries_.back().account = words.next_after(*word);
    } else if (word->starts_with('#')) {
      words.skip_line();
    } else {
      words.fail("a word that has no meaning there");
    }
  }
  return result;
}

const netrc_entry* netrc::find(std::string_view host, std::optional<std::string_view> login) const noexcept {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const netrc_entry& at) {
    return (at.machine.empty() || detail::equal_ignoring_case(at.machine, host)) && (!login || at.login == *login);
  });
  return found == entries_.end() ? nullptr : &*found;
}

coro<netrc> load_netrc(std::string path, netrc_options options) {
  auto opened = co_await file::open(path);
  const std::string text = co_await opened.read_all(most_file_bytes);
  netrc result = netrc::parse(text);
  if (options.must_be_private && holds_secrets(result)) {
    struct stat state{};
    if (const int error = opened.status(state); error != 0)
      throw std::system_error(-error, std::system_category(), fmt::format("cannot stat '{}'", path));
    if (state.st_uid != ::getuid())
      throw netrc_error(fmt::format("'{}' holds passwords and belongs to another user", path));
    if ((state.st_mode & (S_IRWXG | S_IRWXO)) != 0)
      throw netrc_error(fmt::format("'{}' holds passwords and others may use it: chmod 600", path));
  }
  co_return result;
}

}  // namespace hocket::http
