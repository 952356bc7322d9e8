#pragma once

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
    bool is_last = false;  // of a file that was adopted
    std::uint64_t bytes = 0;
  };

  /// `parts`: the folder in which each worker has `part-WORKER`; empty: there are no such files.
  spill_files(std::string parts, std::string worker) : parts_(std::move(parts)), worker_(std::move(worker)) {}

  [[nodiscard]] bool is_wanted() const noexcept { return !parts_.empty(); }

  /// The files of workers that no process is any more. Gives how many there are.
  [[nodiscard]] coro<std::size_t> adopt();

  void add(unsigned depth, std::string_view href);
  /// What was added before the call is in the file. Throws `hocket::error`; then nothing is lost.
  [[nodiscard]] coro<void> flush();

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
  };

  [[nodiscard]] static std::vector<file> files_of_others(const std::string& parts, const std::string& worker);
  void open_own();

  std::string parts_;
  std::string worker_;
  std::vector<file> adopted_;  // the last one is read first
  file own_;                   // without a descriptor: not made yet
  std::string fresh_;          // lines to be written
  time_point emptied_at_{};    // when the last of that file was taken
};

}  // namespace hocket::crawl::detail
