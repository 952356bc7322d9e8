// The process stands still only while its memory is copied, at once: what a first walk met, which cost it nothing, for it ran. That copy is
// walked when it goes on again, and names and places, which do not change, are looked up still later.
//
// It may have been stopped in the middle of a change, or have put something elsewhere since that first walk; then the walk meets a
// contradiction, and all is read again a moment later, with what was missing. What grows all the time is walked while it stands still, at last.

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/inspect/detail/addresses.hpp>
#include <hocket/inspect/detail/hocket_notes.hpp>
#include <hocket/inspect/detail/numbers_in.hpp>
#include <hocket/inspect/detail/resolve.hpp>
#include <hocket/inspect/detail/walk.hpp>
#include <hocket/inspect/process_memory.hpp>
#include <hocket/inspect/read_process.hpp>
#include <hocket/inspect/stopped_process.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect {
namespace {

using steady_clock = std::chrono::steady_clock;

constexpr unsigned most_attempts = 20;
constexpr unsigned most_attempts_on_copies = 5;
constexpr auto longest_attempts = std::chrono::seconds(2);  // no further one is made after that
constexpr auto between_attempts = std::chrono::milliseconds(1);
constexpr unsigned most_stops = 3;  // of a process of which a thread does not stop
constexpr auto between_stops = std::chrono::milliseconds(20);

// What it may cost to see whether a process shows anything: any process is asked that.
constexpr std::size_t most_cached = 64 * 1024 * 1024;
constexpr std::size_t most_files = 5'000;

/// A process that stands still as long as this exists, and for how long; also if it does not stop in the end.
class pause {
 public:
  pause(pid_t process, std::chrono::nanoseconds& sum) : adding_(sum) {
    ::sched_yield();  // so that it is not now that others have their turns
    adding_.begin = steady_clock::now();
    still_.emplace(process);
  }
  pause(const pause&) = delete;

 private:
  struct time_added {
    explicit time_added(std::chrono::nanoseconds& to) noexcept : sum(to) {}
    ~time_added() { sum += steady_clock::now() - begin; }
    time_added(const time_added&) = delete;
    std::chrono::nanoseconds& sum;
    steady_clock::time_point begin = steady_clock::now();
  };
  time_added adding_;
  std::optional<stopped_process> still_;  // goes on first
};

class process_reader {
 public:
  process_reader(pid_t process, const read_options& options, std::chrono::nanoseconds& stopped)
      : process_(process),
        stops_(options.stop),
        stopped_(stopped),
        source_(process),
        shown_(detail::find_shown(constants_, mappings_of(process), fmt::format("process {}", process))),
        classes_(constants_, shown_) {}

  snapshot read() {
    walk();
    begin_ = read_at_ = steady_clock::now();
    if (!stops_) attempts_ = 1;
    while (attempts_ == 0 || (is_torn() && may_try_again())) attempt();
    return result();
  }

 private:
  void attempt() {
    if (attempts_ > 0) std::this_thread::sleep_for(between_attempts);
    if (!stops_)
      read_as_it_runs();
    else if (attempts_ < most_attempts_on_copies)
      read_copy();
    else
      read_while_it_stands_still();
    ++attempts_;
  }

  void read_as_it_runs() {
    copy();
    walk();
  }

  void read_copy() {
    {
      const pause still(process_, stopped_);
      copy();
    }
    variables_.close(true);
    walk();
  }

  void read_while_it_stands_still() {
    const pause still(process_, stopped_);
    copy();
    walk();
  }

  // All that walks have met so far.
  void copy() {
    read_at_ = steady_clock::now();
    variables_.close(false);
    variables_.refresh();
  }

  void walk() { found_ = detail::walk(variables_, shown_, classes_); }

  [[nodiscard]] bool is_torn() const noexcept { return found_.contradictions > 0; }
  [[nodiscard]] bool may_try_again() const {
    return attempts_ < most_attempts && steady_clock::now() - begin_ <= longest_attempts;
  }

  snapshot result() {
    snapshot made = detail::resolve(constants_, shown_, found_, read_at_.time_since_epoch().count());
    detail::add_addresses(made, process_);
    made.torn = is_torn();
    made.stopped = stopped_;
    made.attempts = attempts_;
    return made;
  }

  const pid_t process_;
  const bool stops_;
  std::chrono::nanoseconds& stopped_;
  process_memory source_;
  detail::memory_cache constants_{source_};  // what is never written
  detail::memory_cache variables_{source_};
  const detail::shown shown_;
  detail::types classes_;
  detail::found found_;
  steady_clock::time_point begin_;    // of the attempts
  steady_clock::time_point read_at_;  // what was found
  unsigned attempts_ = 0;
};

// This user's, or root asks.
bool is_own(pid_t process) {
  struct stat owner{};
  return ::stat(fmt::format("/proc/{}", process).c_str(), &owner) == 0 &&
         (::geteuid() == 0 || owner.st_uid == ::geteuid());
}

// As the system lets one see what is mapped, where it does not let one read it.
bool has_mapped_hocket(pid_t process) {
  std::set<std::string> files;
  try {
    for (const mapping& each : mappings_of(process))
      if (each.path.starts_with('/') && files.size() < most_files) files.insert(each.path);
  } catch (const unreadable&) {
    return false;
  }
  const std::string root = fmt::format("/proc/{}/root", process);
  return std::ranges::any_of(files, [&](const std::string& each) { return detail::has_hocket_notes(root + each); });
}

bool has_hocket(pid_t process) {
  try {
    process_memory source(process);
    detail::memory_cache memory(source, most_cached);
    static_cast<void>(detail::find_shown(memory, mappings_of(process), ""));
    return true;
  } catch (const unreadable& problem) {
    if (problem.why() == unreadable::reason::not_permitted) return has_mapped_hocket(process);
    return problem.why() == unreadable::reason::other_version || problem.why() == unreadable::reason::without_notes;
  }
}

}  // namespace

// By a thread that ends with each attempt: with its tracer goes what did not stop in time.
snapshot read_process(pid_t process, const read_options& options) {
  std::chrono::nanoseconds stopped{};
  for (unsigned stops = 1;; ++stops) {
    try {
      return std::async(std::launch::async, [&] { return process_reader(process, options, stopped).read(); }).get();
    } catch (const unreadable& problem) {
      if (problem.why() != unreadable::reason::unstoppable || stops == most_stops) throw;
    }
    std::this_thread::sleep_for(between_stops);
  }
}

std::vector<pid_t> find_processes() {
  std::vector<pid_t> found;
  std::error_code error;
  const std::vector<pid_t> all = detail::numbers_in("/proc", error);
  if (error)
    throw unreadable(unreadable::reason::system_failed,
                     fmt::format("cannot look for processes in /proc: {}", error.message()));
  for (const pid_t each : all)
    if (each != ::getpid() && is_own(each) && has_hocket(each)) found.push_back(each);
  std::ranges::sort(found);
  return found;
}

}  // namespace hocket::inspect
