#include <cerrno>
#include <charconv>
#include <chrono>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl_redis/detail/spill_files.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr std::size_t read_at_once = 64 * 1024;
constexpr auto remembered_for =
    std::chrono::seconds(5);  // longer than Redis keeps anything to itself with `appendfsync everysec`

[[noreturn]] void fail(const char* what, const std::string& path, int problem) {
  throw error(fmt::format("cannot {} '{}': {}", what, path, std::system_category().message(problem)));
}

// -1: it is not there, or another process has it.
int opened_and_locked(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor < 0 || ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  const int problem = errno;
  ::close(descriptor);
  errno = problem;
  return -1;
}

std::shared_ptr<int> closed_at_last(int descriptor) {
  return {new int(descriptor), [](int* mine) {
            ::close(*mine);
            delete mine;
          }};
}

// All of it, or nothing.
void write_all(int descriptor, const std::string& path, std::uint64_t size, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int problem = errno;
      static_cast<void>(::ftruncate(descriptor, static_cast<off_t>(size)));
      fail("write", path, problem);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Up to the end of the last whole line, `most` of them; one that is longer than a piece, or broken, is passed over.
spill_files::batch read_lines(int descriptor, const std::string& path, std::uint64_t from, std::uint64_t to,
                              std::size_t most) {
  std::string piece(std::min<std::uint64_t>(read_at_once, to - from), '\0');
  ssize_t got = 0;
  do got = ::pread(descriptor, piece.data(), piece.size(), static_cast<off_t>(from));
  while (got < 0 && errno == EINTR);
  if (got < 0) fail("read", path, errno);
  std::string_view rest(piece.data(), static_cast<std::size_t>(got));
  spill_files::batch found{.end = from};
  while (found.lines.size() < most) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    found.end += end + 1;
    unsigned depth = 0;
    const auto [after, problem] = std::from_chars(text.data(), text.data() + text.size(), depth);
    if (problem == std::errc() && after < text.data() + text.size() && *after == '\t')
      found.lines.push_back({depth, std::string(after + 1, text.data() + text.size())});
  }
  if (found.end == from) found.end += static_cast<std::uint64_t>(got);
  if (got == 0) found.end = to;
  return found;
}

}  // namespace

std::string spill_files::path_of(const std::string& worker) const {
  return fmt::format("{}/part-{}/spill.tsv", parts_, worker);
}

std::vector<spill_files::file> spill_files::taken_over(std::vector<file> wanted) {
  std::erase_if(wanted, [](file& each) {
    const int descriptor = opened_and_locked(each.path, O_RDWR);
    if (descriptor < 0) return true;
    each.descriptor = closed_at_last(descriptor);
    if (struct stat there{}; ::fstat(descriptor, &there) == 0) each.size = static_cast<std::uint64_t>(there.st_size);
    return false;
  });
  return wanted;
}

// The one that is being read stays the last.
coro<std::vector<std::string>> spill_files::adopt(std::vector<std::string> gone) {
  std::vector<file> wanted;
  for (std::string& each : gone) {
    std::string path = path_of(each);
    wanted.push_back({.by = std::move(each), .path = std::move(path)});
  }
  std::vector<file> found;
  if (is_wanted()) found = co_await to_thread(taken_over, std::move(wanted));
  std::vector<std::string> got;
  for (const file& each : found) got.push_back(each.by);
  adopted_.insert(adopted_.begin(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  co_return got;
}

std::vector<std::string> spill_files::adopted() const {
  std::vector<std::string> names;
  for (const file& each : adopted_) names.push_back(each.by);
  return names;
}

void spill_files::add(unsigned depth, std::string_view href) {
  const std::size_t before = fresh_.size();
  fmt::format_to(std::back_inserter(fresh_), "{}\t{}\n", depth, href);
  added_ += fresh_.size() - before;
}

void spill_files::open_own() {
  own_.by = worker_;
  own_.path = path_of(worker_);
  const int descriptor = opened_and_locked(own_.path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
  if (descriptor < 0) fail("write", own_.path, errno);
  own_.descriptor = closed_at_last(descriptor);
}

coro<void> spill_files::flush() {
  if (fresh_.empty()) co_return;
  const std::string lines = std::exchange(fresh_, {});
  const bool begins_anew =
      own_.size > 0 && own_.read == own_.size && loop::running().time() >= own_.taken_at + remembered_for;
  if (begins_anew) {
    begin_ += own_.size;
    own_.size = own_.read = own_.remembered = own_.next_remembered = 0;
  }
  is_synced_ = false;
  try {
    co_await to_thread([&] {
      if (!own_.descriptor) open_own();
      if (begins_anew && ::ftruncate(*own_.descriptor, 0) != 0) fail("write", own_.path, errno);
      write_all(*own_.descriptor, own_.path, own_.size, lines);
    });
  } catch (...) {
    fresh_.insert(0, lines);
    throw;
  }
  own_.size += lines.size();
}

coro<void> spill_files::sync() {
  if (std::exchange(is_synced_, true) || !own_.descriptor) co_return;
  co_await to_thread([mine = own_.descriptor, path = own_.path] {
    if (::fdatasync(*mine) != 0 && errno != EINVAL) fail("sync", path, errno);
  });
}

void spill_files::leave() noexcept {
  if (own_.descriptor && own_.read == own_.size && fresh_.empty()) ::unlink(own_.path.c_str());
}

std::uint64_t spill_files::waiting_bytes() const noexcept {
  std::uint64_t sum = std::min(own_.size, reported_ - std::min(reported_, begin_)) - own_.read;
  for (const file& each : adopted_) sum += each.size - each.read;
  return sum;
}

coro<spill_files::batch> spill_files::next(std::size_t most) {
  const bool is_own = adopted_.empty();
  const file from = is_own ? own_ : adopted_.back();
  const std::uint64_t to = is_own ? own_.read + waiting_bytes() : from.size;
  if (!from.descriptor || to == from.read) co_return batch{.by = from.by, .end = from.read, .rewound = rewound_};
  const unsigned rewound = rewound_;
  batch found = co_await to_thread([&] { return read_lines(*from.descriptor, from.path, from.read, to, most); });
  found.by = from.by;
  found.is_last = !is_own && found.end >= from.size;
  found.rewound = rewound;
  co_return found;
}

void spill_files::advance(file& which, std::uint64_t to) {
  which.read = to;
  const time_point now = loop::running().time();
  which.taken_at = now;
  if (now < which.marked_at + remembered_for) return;
  which.remembered = std::exchange(which.next_remembered, to);
  which.marked_at = now;
}

// An adopted file that was read to its end goes; the own one begins anew when Redis will not forget any more that it was.
coro<void> spill_files::taken(batch what) {
  if (what.rewound != rewound_) co_return;  // it is given again
  if (what.by == worker_) co_return advance(own_, what.end);
  file& from = adopted_.back();
  advance(from, what.end);
  if (!what.is_last) co_return;
  co_await to_thread([path = from.path] { ::unlink(path.c_str()); });
  adopted_.pop_back();
}

void spill_files::rewind() noexcept {
  ++rewound_;
  own_.read = own_.remembered;
  for (file& each : adopted_) each.read = each.remembered;
}

}  // namespace hocket::crawl::detail
