// No thread tells outsiders where its own variables are, but each has told the system where its list of robust locks is (get_robust_list(2)), and
// the C library keeps that beside the variables, in one piece of memory with them: after them on x86-64, before them on others.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/inspect/detail/loop_threads.hpp>
#include <hocket/inspect/process_memory.hpp>

namespace hocket::inspect::detail {
namespace {

constexpr std::uint64_t samples_until_forgotten = 1000;
constexpr std::uint64_t samples_until_looked_for_again = 200;

#if defined(__x86_64__)
constexpr bool variables_come_first = true;
#else
constexpr bool variables_come_first = false;
#endif

// 0 if there is none: it has ended, or its C library makes none.
address robust_list_of(pid_t thread) noexcept {
  void* head = nullptr;
  std::size_t size = 0;
  if (::syscall(SYS_get_robust_list, thread, &head, &size) != 0) return 0;
  return reinterpret_cast<address>(head);
}

std::string_view contents(int descriptor, std::span<char> room) noexcept {
  const ssize_t size = ::pread(descriptor, room.data(), room.size(), 0);
  return {room.data(), static_cast<std::size_t>(std::max(size, ssize_t{0}))};
}

int opened(pid_t process, pid_t thread, const char* file) {
  return ::open(fmt::format("/proc/{}/task/{}/{}", process, thread, file).c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace

std::optional<pid_t> thread_of_variable(pid_t process, address variable) {
  const std::vector<mapping> mappings = mappings_of(process);
  const auto around = std::ranges::find_if(
      mappings, [variable](const mapping& each) { return each.begin <= variable && variable < each.end; });
  if (around == mappings.end()) return std::nullopt;
  std::optional<pid_t> nearest;
  address least = UINT64_MAX;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process), error)) {
    const auto thread = static_cast<pid_t>(std::atol(entry.path().filename().c_str()));
    const address list = robust_list_of(thread);
    if (list < around->begin || list >= around->end) continue;
    const address distance =
        variables_come_first ? list - variable : variable - list;  // huge where it is on the other side
    if (distance < least) nearest = thread;
    least = std::min(least, distance);
  }
  return least < around->end - around->begin ? nearest : std::nullopt;
}

thread_use::thread_use(pid_t process, pid_t thread)
    : state_(opened(process, thread, "stat")), times_(opened(process, thread, "schedstat")) {}

thread_use::thread_use(thread_use&& other) noexcept
    : state_(std::exchange(other.state_, -1)), times_(std::exchange(other.times_, -1)) {}

thread_use::~thread_use() {
  for (const int each : {state_, times_})
    if (each >= 0) ::close(each);
}

// "4712 (name) R ...": a name may have brackets, too. "nanoseconds on a processor, waiting for one, times".
std::optional<thread_use::reading> thread_use::read() const noexcept {
  std::array<char, 1024> room;
  const std::string_view state = contents(state_, room);
  const std::size_t name_end = state.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= state.size()) return std::nullopt;
  reading made{.is_on = state[name_end + 2] == 'R'};
  const std::string_view times = contents(times_, room);
  const char* at = times.data();
  const char* const end = at + times.size();
  for (std::chrono::nanoseconds* to : {&made.used, &made.waited}) {
    std::int64_t read = 0;
    const auto [next, error] = std::from_chars(at, end, read);
    if (error != std::errc{} || next == end) return std::nullopt;
    *to = std::chrono::nanoseconds(read);
    at = next + 1;
  }
  return made;
}

std::optional<thread_use::reading> loop_threads::use_in(std::uint64_t sample, address variable) {
  const auto [at, is_new] = known_.try_emplace(variable);
  if (is_new)
    std::erase_if(known_, [&](const auto& each) {
      return each.first != variable && each.second.sample + samples_until_forgotten < sample;
    });
  known& thread = at->second;
  const auto now = read(thread, sample, variable);
  if (!now) return std::nullopt;
  const bool goes_on = thread.sample + 1 == sample;
  const thread_use::reading before = std::exchange(thread.last, *now);
  thread.sample = sample;
  if (!goes_on) return thread_use::reading{.is_on = now->is_on};
  return thread_use::reading{
      .is_on = now->is_on, .used = now->used - before.used, .waited = now->waited - before.waited};
}

// The thread may have ended, and the next one have its variables where that had them.
std::optional<thread_use::reading> loop_threads::read(known& thread, std::uint64_t sample, address variable) {
  if (thread.use)
    if (const auto now = thread.use->read()) return now;
  const bool is_due = thread.use || thread.sample == 0 || thread.sample + samples_until_looked_for_again <= sample;
  if (!is_due) return std::nullopt;
  thread.use.reset();
  thread.sample = sample;
  const auto number = thread_of_variable(process_, variable);
  if (!number) return std::nullopt;
  thread.use.emplace(process_, *number);
  const auto now = thread.use->read();
  if (!now) thread.use.reset();
  return now;
}

}  // namespace hocket::inspect::detail
