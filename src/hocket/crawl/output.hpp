#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/io/file.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::crawl {

/// What became of one URL; a line of pages.jsonl.
struct page_record {
  std::string_view url;
  std::string_view final_url;
  int status = 0;  // 0: there was no answer
  std::string_view content_type;
  std::uint64_t bytes = 0;
  unsigned depth = 0;
  std::size_t links = 0;
  std::int64_t milliseconds = 0;
  std::string_view error;  // empty: none
};

/// A file of lines that are gathered and written together. At any moment it holds complete lines only: each write carries
/// whole lines, and one that fails half-way is taken back.
class line_file {
 public:
  /// Creates or empties `path`, which stays locked for this process (flock). Throws `hocket::error` with the path and the system's reason.
  [[nodiscard]] static coro<line_file> create(std::string path);

  /// The lines gathered so far, to be added to: whole lines only, with their newline.
  [[nodiscard]] std::string& lines() noexcept { return lines_; }

  /// Writes what was gathered, if that is enough to be worth it. Waits for a write under way: who adds lines faster than the
  /// disk takes them is slowed down. Throws `hocket::error`.
  [[nodiscard]] coro<void> flush_if_full();
  [[nodiscard]] bool is_full() const noexcept;
  /// Writes what was gathered. If it throws, `cancelled` too, the lines are still to be written.
  [[nodiscard]] coro<void> flush();

 private:
  explicit line_file(std::string path) : path_(std::move(path)), writing_(std::make_unique<lock>()) {}
  void take_back();

  std::string path_;
  file file_;
  std::string lines_;
  std::string being_written_;
  std::uint64_t size_ = 0;  // of the file, all in whole lines
  std::unique_ptr<lock> writing_;
};

/// The directory that a crawl writes: links.tsv and pages.jsonl as it goes, summary.json at its end.
class output {
 public:
  /// Makes `directory` if it is not there, and empties the files of an earlier crawl. Throws `hocket::error`; also if another
  /// crawl is writing there.
  [[nodiscard]] static coro<output> open(std::string directory);

  void add_link(std::string_view source, std::string_view link);
  void add_page(const page_record& page);
  [[nodiscard]] coro<void> flush_if_full();
  [[nodiscard]] coro<void> flush();

  /// Replaces summary.json as a whole.
  [[nodiscard]] coro<void> write_summary(std::string json);

  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

 private:
  output(std::string directory, line_file links, line_file pages)
      : directory_(std::move(directory)), links_(std::move(links)), pages_(std::move(pages)) {}

  std::string directory_;
  line_file links_;
  line_file pages_;
  std::string listed_;  // lines for `pages_`, whose links are not all handed to `links_` to write
  std::unique_ptr<lock> flushing_ = std::make_unique<lock>();
};

/// Appends `text` as a JSON string; what is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& to, std::string_view text);

}  // namespace hocket::crawl
