// No thread tells outsiders where its own variables are, but each has told the system where its list of robust locks is (get_robust_list(2)), and
// the C library keeps that beside the variables, in one piece of memory with them: after them on x86-64, before them on others.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/inspect/detail/loop_threads.hpp>
#include <hocket/inspect/detail/numbers_in.hpp>
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

thread_variables::thread_variables(pid_t process) : mappings_(mappings_of(process)) {
  std::error_code error;
  for (const pid_t thread : numbers_in(fmt::format("/proc/{}/task", process), error))
    if (const address list = robust_list_of(thread); list != 0) threads_.emplace_back(list, thread);
  std::ranges::sort(mappings_, {}, &mapping::begin);
  std::ranges::sort(threads_);
}

std::optional<pid_t> thread_variables::thread_of(address variable) const {
  const auto after = std::ranges::upper_bound(mappings_, variable, {}, &mapping::begin);
  if (after == mappings_.begin() || variable >= std::prev(after)->end) return std::nullopt;
  const mapping& around = *std::prev(after);
  auto nearest = std::ranges::lower_bound(threads_, variable, {}, &std::pair<address, pid_t>::first);
  if (!variables_come_first) {
    if (nearest == threads_.begin()) return std::nullopt;
    --nearest;
  }
  if (nearest == threads_.end() || nearest->first < around.begin || nearest->first >= around.end) return std::nullopt;
  return nearest->second;
}

thread_use::thread_use(pid_t process, pid_t thread)
    : state_(opened(process, thread, "stat")), times_(opened(process, thread, "schedstat")) {}

thread_use::thread_use(thread_use&& other) noexcept
    : state_(std::exchange(other.state_, -1)), times_(std::exchange(other.times_, -1)) {}

thread_use::~thread_use() {
  for (const int each : {state_, times_})
    if (each >= 0) ::close(each);
}

// "nanoseconds on a processor, waiting for one, times".
std::optional<thread_use::reading> thread_use::read() const noexcept {
  std::array<char, 256> room;
  const std::string_view times = contents(times_, room);
  reading made;
  const char* at = times.data();
  const char* const end = at + times.size();
  for (std::chrono::nanoseconds* to : {&made.used, &made.waited}) {
    std::int64_t read = 0;
    const auto [next, error] = std::from_chars(at, end, read);
    if (error != std::errc{} || next == end) return std::nullopt;
    *to = std::chrono::nanoseconds(read);
    at = next + 1;
  }
  made.is_on = is_on();
  return made;
}

// "4712 (name) R ...": a name may have brackets, too.
bool thread_use::is_on() const noexcept {
  std::array<char, 1024> room;
  const std::string_view state = contents(state_, room);
  const std::size_t name_end = state.rfind(')');
  return name_end != std::string_view::npos && state.substr(name_end).starts_with(") R");
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

bool loop_threads::is_on(address variable) const noexcept { return known_.find(variable)->second.use->is_on(); }

// Where all threads have theirs is asked once for all that are looked for in a sample.
std::optional<pid_t> loop_threads::look_for(std::uint64_t sample, address variable) {
  if (!variables_ || variables_of_ != sample) variables_.emplace(process_);
  variables_of_ = sample;
  return variables_->thread_of(variable);
}

// The thread may have ended, and the next one have its variables where that had them.
std::optional<thread_use::reading> loop_threads::read(known& thread, std::uint64_t sample, address variable) {
  if (thread.use)
    if (const auto now = thread.use->read()) return now;
  const bool is_due = thread.use || thread.sample == 0 || thread.sample + samples_until_looked_for_again <= sample;
  if (!is_due) return std::nullopt;
  thread.use.reset();
  thread.sample = sample;
  const auto number = look_for(sample, variable);
  if (!number) return std::nullopt;
  thread.use.emplace(process_, *number);
  const auto now = thread.use->read();
  if (!now) thread.use.reset();
  return now;
}

}  // namespace hocket::inspect::detail
