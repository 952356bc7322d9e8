#include <algorithm>
#include <array>

#include <hocket/core/as_result.hpp>
#include <hocket/dns/detail/hosts_file.hpp>
#include <hocket/io/file.hpp>

namespace hocket::detail {
namespace {

constexpr std::chrono::seconds between_looks{5};
constexpr std::size_t most_bytes = 16 * 1024 * 1024;  // lists of hosts to block have some megabytes
constexpr std::string_view blanks = " \t\r";

// Takes the first word off a line.
std::string_view next_word(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

std::string lower(std::string_view word) {
  std::string text(word);
  for (char& each : text)
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each | 0x20);
  return text;
}

coro<std::string> contents_of(file& opened) {
  std::string text;
  std::vector<char> piece(64 * 1024);
  while (text.size() < most_bytes) {
    const auto size = co_await as_expected(opened.read(piece));
    if (!size || *size == 0) break;
    text.append(piece.data(), *size);
  }
  co_return text;
}

}  // namespace

bool hosts_file::is_fresh() const noexcept {
  return path_.empty() || (looked_ && loop::running().time() - looked_at_ < between_looks);
}

coro<void> hosts_file::refresh() {
  if (is_fresh()) co_return;
  if (looked_) looked_at_ = loop::running().time();  // others go on with what is known meanwhile
  auto opened = co_await as_expected(file::open(path_, O_RDONLY | O_CLOEXEC));
  struct stat state{};
  if (!opened && opened.error() == std::errc::no_such_file_or_directory) {
    hosts_.clear();
    size_ = -1;
  } else if (!opened || opened->status(state) != 0) {
    // It cannot be looked at now, for want of descriptors perhaps: what was known stays.
  } else if (state.st_size != size_ || state.st_mtim.tv_sec != changed_.tv_sec ||
             state.st_mtim.tv_nsec != changed_.tv_nsec) {
    const std::string text = co_await contents_of(*opened);
    hosts_.clear();
    read_lines(text);
    size_ = state.st_size;
    changed_ = state.st_mtim;
  }
  looked_ = true;
  looked_at_ = loop::running().time();
}

void hosts_file::read_lines(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const auto address = socket_address::parse(next_word(line), 0);
    if (!address) continue;
    for (std::string_view name = next_word(line); !name.empty(); name = next_word(line)) {
      auto& known = hosts_[lower(name)];
      if (std::ranges::find(known, *address) == known.end()) known.push_back(*address);
    }
  }
}

std::vector<socket_address> hosts_file::find(const std::string& name, int family) const {
  const auto found = hosts_.find(name);
  if (found == hosts_.end()) return {};
  if (family == AF_UNSPEC) return found->second;
  std::vector<socket_address> chosen;
  std::ranges::copy_if(found->second, std::back_inserter(chosen),
                       [family](const socket_address& each) { return each.family() == family; });
  return chosen;
}

}  // namespace hocket::detail
