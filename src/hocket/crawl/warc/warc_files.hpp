#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/warc/warc_record.hpp>
#include <hocket/io/file.hpp>

namespace hocket::crawl {

/// What a file that is still being written has behind its name, as Heritrix has it.
inline constexpr std::string_view open_archive_suffix = ".open";

struct warc_options {
  std::string directory{};
  /// From here on records go to the next file.
  std::uint64_t file_bytes = std::uint64_t{1} << 30;
  /// What each file says of itself at its beginning: "software", "http-header-user-agent", ... WARC 1.1, 6.2.
  std::vector<std::pair<std::string, std::string>> about{};
  std::chrono::sys_seconds (*wall_clock)() = nullptr;  // the time of day; must be set
  /// Since when an earlier archive has what was answered at a URL: see `warc_archive::take_date_of`; empty: it has not. None: there is no such
  /// archive.
  std::function<std::string(std::string_view target)> archived{};
};

/// The files crawl-00000.warc.gz, crawl-00001.warc.gz, ... of a directory, of which the last is being written: each record a gzip member,
/// each write of whole records.
class warc_files {
 public:
  /// Mends what an interrupted process has left, and goes on behind the files that are there. Throws `hocket::error`.
  [[nodiscard]] static coro<warc_files> open(warc_options options);

  /// Writes some of what waits, from the front, takes it out, and gives how many bytes of memory it was. Meanwhile more may be added. If it
  /// throws, `cancelled` too, nothing was taken out, and the file ends with a whole record. Packs on a thread. Throws `hocket::error`.
  /// Precondition: something waits; nobody else writes.
  [[nodiscard]] coro<std::size_t> write(std::deque<warc_records>& waiting);
  /// What was written outlasts the death of the machine. Throws `hocket::error`. Precondition: nobody writes.
  [[nodiscard]] coro<void> sync();
  /// The file that is being written is complete.
  [[nodiscard]] coro<void> close();

  [[nodiscard]] const warc_options& options() const noexcept { return options_; }

 private:
  explicit warc_files(warc_options options) : options_(std::move(options)) {}

  coro<void> make_ready();
  coro<std::size_t> write_small(const std::deque<warc_records>& waiting);
  coro<void> write_large(warc_records& records);
  coro<void> append(std::string packed);
  void take_back() noexcept;
  warc_record description() const;
  [[nodiscard]] std::string name() const;
  [[nodiscard]] std::string open_path() const;

  warc_options options_;
  unsigned number_ = 0;
  file file_;
  std::uint64_t size_ = 0;      // of what is written
  std::uint64_t complete_ = 0;  // of that, in whole exchanges
  bool is_durable_ = false;     // somebody has asked for it
};

}  // namespace hocket::crawl
