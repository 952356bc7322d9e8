#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <hocket/inspect/detail/numbers_in.hpp>
#include <hocket/inspect/process_memory.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect {
namespace {

constexpr std::size_t most_mappings = 100'000;
constexpr std::size_t most_pieces = 256;  // for a call; the system takes 1024

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "7f2c8a000000-7f2c8a021000 r-xp 00001000 08:01 1234  /usr/lib/libc.so.6"
bool parse(std::string_view line, mapping& to) {
  const char* const end = line.data() + line.size();
  const auto number = [end](const char* at, std::uint64_t& value, char stop) -> const char* {
    const auto [next, error] = std::from_chars(at, end, value, 16);
    return error == std::errc{} && next != end && *next == stop ? next + 1 : nullptr;
  };
  const char* at = number(line.data(), to.begin, '-');
  if (at == nullptr) return false;
  at = number(at, to.end, ' ');
  if (at == nullptr || end - at < 5) return false;
  to.readable = *at == 'r';
  if (number(at + 5, to.offset, ' ') == nullptr) return false;
  if (const std::size_t path = line.find('/'); path != std::string_view::npos) to.path = line.substr(path);
  return true;
}

bool has_ended(pid_t process) { return detail::is_zombie(process) && detail::living_thread(process) == process; }

// Whom /proc belongs to that process is no answer: if it lets nobody look at it, to root.
std::optional<uid_t> user_of(pid_t process) {
  errno = 0;
  std::ifstream status(fmt::format("/proc/{}/status", process));
  if (!status && errno != EACCES && errno != EPERM) detail::refuse(process, errno);
  constexpr std::string_view key = "Uid:\t";
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key)) return static_cast<uid_t>(std::strtoul(line.c_str() + key.size(), nullptr, 10));
  return std::nullopt;
}

}  // namespace

bool detail::is_zombie(pid_t thread) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", thread));
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos &&
         (line.substr(name_end).starts_with(") Z") || line.substr(name_end).starts_with(") X"));
}

// Only by a thread that lives is the memory of a process to be had.
pid_t detail::living_thread(pid_t process) {
  if (!is_zombie(process)) return process;
  std::error_code error;
  for (const pid_t thread : numbers_in(fmt::format("/proc/{}/task", process), error))
    if (!is_zombie(thread)) return thread;
  return process;
}

void detail::refuse_gone(pid_t process) {
  if (has_ended(process))
    throw unreadable(unreadable::reason::no_such_process, fmt::format("process {} has ended", process));
  throw unreadable(unreadable::reason::no_such_process, fmt::format("there is no process {}", process));
}

void detail::refuse(pid_t process, int error) {
  if (error == EACCES || error == EPERM) refuse_permission(process);
  if (error == 0 || error == ENOENT || error == ESRCH) refuse_gone(process);
  throw unreadable(unreadable::reason::system_failed,
                   fmt::format("cannot look into process {}: {}", process, std::generic_category().message(error)));
}

void detail::refuse_permission(pid_t process) {
  const auto user = user_of(process);
  if (!user || has_ended(process)) refuse_gone(process);
  std::string line;
  const std::string scope = first_line("/proc/sys/kernel/yama/ptrace_scope");
  if (*user != ::geteuid())
    line = fmt::format("process {} is another user's (uid {}): look as that user, or as root", process, *user);
  else if (!scope.empty() && scope != "0")
    line = fmt::format(
        "the system lets nobody look into process {} (kernel.yama.ptrace_scope is {}): look as root, or set it to 0: "
        "sysctl kernel.yama.ptrace_scope=0",
        process, scope);
  else
    line = fmt::format(
        "the system lets nobody look into process {} (it has privileges, or is not dumpable, or a container forbids "
        "it): look as root, with CAP_SYS_PTRACE",
        process);
  throw unreadable(unreadable::reason::not_permitted, line);
}

process_memory::process_memory(pid_t process) : process_(process), thread_(detail::living_thread(process)) {}

bool process_memory::read(address from, std::span<std::byte> to) {
  const piece one{from, to};
  return read_pieces(std::span(&one, 1)) == 1;
}

std::size_t process_memory::read_pieces(std::span<const piece> pieces) {
  std::array<iovec, most_pieces> here;
  std::array<iovec, most_pieces> there;
  for (std::size_t copied = 0; copied < pieces.size();) {
    const std::size_t count = std::min(pieces.size() - copied, most_pieces);
    for (std::size_t n = 0; n < count; ++n) {
      const auto& [from, to] = pieces[copied + n];
      here[n] = {to.data(), to.size()};
      there[n] = {reinterpret_cast<void*>(from), to.size()};
    }
    const ssize_t bytes = ::process_vm_readv(thread_, here.data(), count, there.data(), count, 0);
    if (bytes < 0) refuse(errno);
    auto left = static_cast<std::size_t>(std::max(bytes, ssize_t{0}));
    for (std::size_t n = 0; n < count; ++n, ++copied) {
      if (left < here[n].iov_len) return copied;
      left -= here[n].iov_len;
    }
  }
  return pieces.size();
}

// Returns if it is only that something is not there.
void process_memory::refuse(int error) const {
  if (error == ESRCH) detail::refuse_gone(process_);
  if (error == EPERM) detail::refuse_permission(process_);
  if (error == ENOSYS)
    throw unreadable(unreadable::reason::not_permitted,
                     "the system has no process_vm_readv(2), by which processes are read");
}

std::vector<mapping> mappings_of(pid_t process) {
  errno = 0;
  std::ifstream file(fmt::format("/proc/{}/maps", detail::living_thread(process)));
  if (!file) detail::refuse(process, errno);
  std::vector<mapping> all;
  std::string line;
  while (all.size() < most_mappings && std::getline(file, line))
    if (mapping found; parse(line, found)) all.push_back(std::move(found));
  if (all.empty() && has_ended(process)) detail::refuse_gone(process);
  if (file.bad()) detail::refuse(process, errno);
  return all;
}

}  // namespace hocket::inspect
