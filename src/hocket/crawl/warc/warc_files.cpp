// Exchanges are packed in groups: one trip to a thread and one write for many small ones. One whose body lies in a file goes through
// memory in pieces. Both are written behind the last whole exchange, so that what fails half-way is taken back by cutting the file.

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl/warc/gzip_member.hpp>
#include <hocket/crawl/warc/torn_archive.hpp>
#include <hocket/crawl/warc/warc_files.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl {
namespace {

constexpr std::size_t worth_a_trip = 1024 * 1024;
constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::string_view name_begin = "crawl-";
constexpr std::string_view name_end = ".warc.gz";

/// The number in the name of an archive, closed or open.
std::optional<unsigned> number_in(std::string_view name) {
  if (name.ends_with(open_archive_suffix)) name.remove_suffix(open_archive_suffix.size());
  if (!name.starts_with(name_begin) || !name.ends_with(name_end)) return std::nullopt;
  name = name.substr(name_begin.size(), name.size() - name_begin.size() - name_end.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

/// Mends what is torn; gives the number for the next file.
unsigned look_at(const std::string& directory) {
  unsigned next = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    const std::string path = entry.path().string();
    const auto number = number_in(entry.path().filename().string());
    if (!number) continue;
    next = std::max(next, *number + 1);
    if (path.ends_with(open_archive_suffix)) mend_torn_archive(path);
  }
  if (failed) throw error(fmt::format("cannot read '{}': {}", directory, failed.message()));
  return next;
}

bool is_large(const warc_records& records) {
  return std::ranges::any_of(records, [](const warc_record& each) { return each.middle_bytes() > 0; });
}

std::string pack(std::span<const warc_record> records) {
  std::string packed;
  for (const warc_record& each : records) {
    gzip_member member;
    member.add(each.head(), packed);
    member.finish(each.tail(), packed);
  }
  return packed;
}

}  // namespace

coro<warc_files> warc_files::open(warc_options options) {
  warc_files made(std::move(options));
  made.number_ = co_await to_thread([&made] { return look_at(made.options_.directory); });
  co_return made;
}

std::string warc_files::name() const { return fmt::format("{}{:05}{}", name_begin, number_, name_end); }
std::string warc_files::open_path() const {
  return fmt::format("{}/{}{}", options_.directory, name(), open_archive_suffix);
}

coro<std::size_t> warc_files::write(std::deque<warc_records>& waiting) {
  try {
    co_await make_ready();
    std::size_t count = 1;
    if (is_large(waiting.front()))
      co_await write_large(waiting.front());
    else
      count = co_await write_small(waiting);
    complete_ = size_;
    std::size_t bytes = 0;
    for (; count > 0; --count) {
      bytes += bytes_in_memory(waiting.front());
      waiting.pop_front();
    }
    co_return bytes;
  } catch (const std::system_error& failed) {
    take_back();
    throw error(fmt::format("cannot write '{}': {}", open_path(), failed.code().message()));
  } catch (...) {
    take_back();
    throw;
  }
}

void warc_files::take_back() noexcept {
  if (file_.is_open()) static_cast<void>(::ftruncate(file_.number(), static_cast<off_t>(complete_)));
  size_ = complete_;
}

coro<void> warc_files::make_ready() {
  if (file_.is_open() && complete_ >= options_.file_bytes) co_await close();
  if (!file_.is_open()) {
    file_ = co_await file::open(open_path(), O_WRONLY | O_CREAT | O_EXCL);
    size_ = complete_ = 0;
  }
  if (complete_ > 0) co_return;
  const warc_record about = description();
  std::string packed = pack({&about, 1});
  co_await append(std::move(packed));
  complete_ = size_;
}

warc_record warc_files::description() const {
  warc_record about("warcinfo");
  about.add("WARC-Record-ID", warc_record_id(loop::running().random()));
  about.add("WARC-Date", warc_date(options_.wall_clock()));
  about.add("WARC-Filename", name());
  about.add("Content-Type", "application/warc-fields");
  std::string block;
  for (const auto& [name, value] : options_.about) block.append(name).append(": ").append(value).append("\r\n");
  about.set_block(std::move(block));
  return about;
}

// As many from the front as are worth a trip to a thread; gives how many.
coro<std::size_t> warc_files::write_small(const std::deque<warc_records>& waiting) {
  const std::uint64_t room = std::min<std::uint64_t>(worth_a_trip, options_.file_bytes);
  std::vector<const warc_records*> group;  // they stay where they are when others are added
  std::size_t bytes = 0;
  for (auto at = waiting.begin(); at != waiting.end() && bytes < room && !is_large(*at); ++at) {
    group.push_back(&*at);
    bytes += bytes_in_memory(*at);
  }
  std::string packed = co_await to_thread([&group] {
    std::string all;
    for (const warc_records* each : group) all += pack(*each);
    return all;
  });
  co_await append(std::move(packed));
  co_return group.size();
}

coro<void> warc_files::write_large(warc_records& records) {
  std::string piece(piece_bytes, '\0');
  for (warc_record& each : records) {
    gzip_member member;
    std::string packed;
    member.add(each.head(), packed);
    for (std::uint64_t at = 0; at < each.middle_bytes();) {
      const auto left = std::min<std::uint64_t>(piece.size(), each.middle_bytes() - at);
      const std::size_t size = co_await each.middle().read(std::span(piece).first(static_cast<std::size_t>(left)),
                                                           static_cast<std::int64_t>(at));
      if (size == 0) throw error("a temporary file has become shorter");
      const std::string_view came(piece.data(), size);
      co_await to_thread([&member, came, &packed] { member.add(came, packed); });
      co_await append(std::exchange(packed, {}));
      at += size;
    }
    co_await to_thread([&member, &each, &packed] { member.finish(each.tail(), packed); });
    co_await append(std::move(packed));
  }
}

coro<void> warc_files::append(std::string packed) {
  if (packed.empty()) co_return;
  co_await file_.write(packed, static_cast<std::int64_t>(size_));
  size_ += packed.size();
}

coro<void> warc_files::sync() {
  is_durable_ = true;
  if (!file_.is_open()) co_return;
  try {
    co_await file_.fdatasync();
  } catch (const std::system_error& failed) {
    throw error(fmt::format("cannot sync '{}': {}", open_path(), failed.code().message()));
  }
}

coro<void> warc_files::close() {
  if (!file_.is_open()) co_return;
  if (is_durable_) co_await sync();
  const std::string path = open_path();
  try {
    co_await rename(path, path.substr(0, path.size() - open_archive_suffix.size()));
  } catch (const std::system_error& failed) {
    throw error(fmt::format("cannot rename '{}': {}", path, failed.code().message()));
  }
  file_.close();
  ++number_;
  complete_ = size_ = 0;
}

}  // namespace hocket::crawl
