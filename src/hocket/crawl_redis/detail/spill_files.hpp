#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::crawl::detail {

/// URLs that are in no line of Redis, for there is no room for them: each worker has a file `spill.tsv` of them in its part, locked as long as it lives, which is
/// read from the front. Those of workers that are gone are adopted.
class spill_files {
 public:
  struct line {
    unsigned depth = 0;
    std::string href{};
  };
  struct batch {
    std::string by{};  // the worker whose file it was first
    std::vector<line> lines{};
    bool is_last = false;   // of a file that was adopted
    std::uint64_t end = 0;  // of what was read
    unsigned rewound = 0;   // how often, before
  };

  /// `parts`: the folder in which each worker has `part-WORKER`; empty: there are no such files.
  spill_files(std::string parts, std::string worker) : parts_(std::move(parts)), worker_(std::move(worker)) {}

  [[nodiscard]] bool is_wanted() const noexcept { return !parts_.empty(); }

  /// The files of these workers, as far as they are here and no process has them. Gives whose it has got.
  [[nodiscard]] coro<std::vector<std::string>> adopt(std::vector<std::string> gone);
  /// Whose it has.
  [[nodiscard]] std::vector<std::string> adopted() const;

  /// For the file.

  void add(unsigned depth, std::string_view href);
  /// Of all that was ever added, how many bytes; up to where that was reported it may be read.
  [[nodiscard]] std::uint64_t added_bytes() const noexcept { return added_; }
  void was_reported(std::uint64_t up_to) noexcept { reported_ = std::max(reported_, up_to); }
  /// What was added before the call is in the file. Throws `hocket::error`; then nothing is lost.
  [[nodiscard]] coro<void> flush();
  /// What was flushed outlasts the death of the machine. Throws `hocket::error`.
  [[nodiscard]] coro<void> sync();
  /// At the end: takes the own file away if nothing waits in it.
  void leave() noexcept;

  /// Of files, how many bytes wait to be read.
  [[nodiscard]] std::uint64_t waiting_bytes() const noexcept;
  /// What waits in front, `most` at most; the same until it was `taken`. Throws `hocket::error`.
  [[nodiscard]] coro<batch> next(std::size_t most);
  [[nodiscard]] coro<void> taken(batch what);
  /// Redis may have forgotten what was taken of late: it waits again.
  void rewind() noexcept;

 private:
  struct file {
    std::string by{};
    std::string path{};
    std::shared_ptr<int> descriptor{};  // closed with the last of these
    std::uint64_t size = 0;
    std::uint64_t read = 0;
    // Where it was read up to, some seconds ago and before: Redis does not forget that any more.
    std::uint64_t remembered = 0;
    std::uint64_t next_remembered = 0;
    time_point marked_at{};
    time_point taken_at{};
  };

  [[nodiscard]] std::string path_of(const std::string& worker) const;
  [[nodiscard]] static std::vector<file> taken_over(std::vector<file> wanted);
  void open_own();
  static void advance(file& which, std::uint64_t to);

  std::string parts_;
  std::string worker_;
  std::vector<file> adopted_;  // the last one is read first
  file own_;                   // without a descriptor: not made yet
  std::string fresh_;          // lines to be written
  std::uint64_t added_ = 0;
  std::uint64_t reported_ = 0;  // of these
  std::uint64_t begin_ = 0;     // of these, what was added before the first byte of the file
  unsigned rewound_ = 0;
  bool is_synced_ = true;
};

}  // namespace hocket::crawl::detail
