// A descriptor is a link to "socket:[4711]" in proc_pid_fd(5), and that number stands in the tables of proc_pid_net(5), as seen from where
// the process is. Each table is read once, up to where the last one is found.

#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <unistd.h>

#include <hocket/inspect/detail/addresses.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::size_t most_lines = 1'000'000;  // of a table

struct addresses {
  std::string own;
  std::string peer;
};

// Words between blanks.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t length = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, length));
    line.remove_prefix(length);
  }
}

template <class Number>
bool parse(std::string_view text, Number& to, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to, base);
  return error == std::errc{} && end == text.data() + text.size();
}

// "0100007F:1F90": words of 32 bits, as they stand in this machine's memory; and a port. Empty if it is none, or not understood.
std::string internet_address(std::string_view text) {
  const std::size_t colon = text.find(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos || !parse(text.substr(colon + 1), port, 16) || port == 0) return {};
  std::array<std::uint32_t, 4> words{};
  const std::size_t count = colon / 8;
  if (colon % 8 != 0 || (count != 1 && count != 4)) return {};
  for (std::size_t n = 0; n < count; ++n)
    if (!parse(text.substr(8 * n, 8), words[n], 16)) return {};
  in6_addr six{};
  std::memcpy(&six, words.data(), sizeof six);
  std::array<char, INET6_ADDRSTRLEN> room{};
  if (count == 1) {
    ::inet_ntop(AF_INET, words.data(), room.data(), room.size());
  } else if (IN6_IS_ADDR_V4MAPPED(&six)) {
    ::inet_ntop(AF_INET, &words[3], room.data(), room.size());
  } else {
    ::inet_ntop(AF_INET6, &six, room.data(), room.size());
    return fmt::format("[{}]:{}", room.data(), port);
  }
  return fmt::format("{}:{}", room.data(), port);
}

class tables {
 public:
  tables(pid_t process, std::unordered_map<std::uint64_t, addresses>& wanted)
      : folder_(fmt::format("/proc/{}/net/", process)), wanted_(wanted), left_(wanted.size()) {}

  void look_up() {
    for (const char* name : {"tcp", "tcp6", "udp", "udp6"})
      for_each_line(name, [this](const std::vector<std::string_view>& words) {
        if (words.size() < 10) return;
        if (addresses* const found = find(words[9])) *found = {internet_address(words[1]), internet_address(words[2])};
      });
    for_each_line("unix", [this](const std::vector<std::string_view>& words) {
      if (words.size() < 8) return;
      if (addresses* const found = find(words[6])) found->own = words[7];
    });
  }

 private:
  template <class Visit>
  void for_each_line(const char* name, Visit visit) {
    if (left_ == 0) return;
    std::ifstream file(folder_ + name);
    std::string line;
    std::getline(file, line);  // what its columns are
    for (std::size_t count = 0; left_ > 0 && count < most_lines && std::getline(file, line); ++count)
      visit(words_of(line));
  }

  addresses* find(std::string_view number) {
    std::uint64_t inode = 0;
    if (!parse(number, inode, 10)) return nullptr;
    const auto found = wanted_.find(inode);
    if (found == wanted_.end()) return nullptr;
    --left_;
    return &found->second;
  }

  std::string folder_;
  std::unordered_map<std::uint64_t, addresses>& wanted_;
  std::size_t left_;
};

// 0 if it is no socket.
std::uint64_t inode_of(pid_t process, int descriptor) {
  std::array<char, 64> room{};
  const ssize_t length =
      ::readlink(fmt::format("/proc/{}/fd/{}", process, descriptor).c_str(), room.data(), room.size());
  std::string_view target(room.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  constexpr std::string_view prefix = "socket:[";
  std::uint64_t inode = 0;
  if (!target.starts_with(prefix) || !target.ends_with(']')) return 0;
  target.remove_prefix(prefix.size());
  target.remove_suffix(1);
  return parse(target, inode, 10) ? inode : 0;
}

}  // namespace

void add_addresses(snapshot& to, pid_t process) {
  std::unordered_map<std::uint64_t, addresses> found;
  std::vector<std::pair<wait*, std::uint64_t>> waits;
  for (loop& each : to.loops)
    for (task& waiting : each.tasks) {
      if (!waiting.waits_for || !waiting.waits_for->descriptor) continue;
      const std::uint64_t inode = inode_of(process, *waiting.waits_for->descriptor);
      if (inode == 0) continue;
      found.try_emplace(inode);
      waits.emplace_back(&*waiting.waits_for, inode);
    }
  tables(process, found).look_up();
  for (const auto& [waiting, inode] : waits) {
    waiting->own_address = found[inode].own;
    waiting->peer = found[inode].peer;
  }
}

}  // namespace hocket::inspect::detail
