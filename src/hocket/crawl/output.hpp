#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/io/file.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::crawl {

/// A file is shorter than it was when its size was told: the machine has died since, or somebody has changed it.
class lines_missing : public error {
 public:
  using error::error;
};

/// A file of lines that are gathered and written together. At any moment it holds complete lines only: each write carries
/// whole lines, and one that fails half-way is taken back.
class line_file {
 public:
  /// Creates or empties `path`, which stays locked for this process (flock). Throws `hocket::error` with the path and the system's reason.
  [[nodiscard]] static coro<line_file> create(std::string path);

  /// The same with what is there up to `size`; what comes after is there until `cut`. Throws `hocket::error`, `lines_missing` if there is
  /// less.
  [[nodiscard]] static coro<line_file> reopen(std::string path, std::uint64_t size);
  /// Once, before the first write: takes away what comes after. Throws `hocket::error`.
  void cut();

  /// How large the file will be when all is written.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_ + being_written_.size() + lines_.size(); }

  /// The lines gathered so far, to be added to: whole lines only, with their newline.
  [[nodiscard]] std::string& lines() noexcept { return lines_; }

  /// Enough was gathered to be worth a write.
  [[nodiscard]] bool is_full() const noexcept;
  /// Writes what was gathered. If it throws, `cancelled` too, the lines are still to be written.
  [[nodiscard]] coro<void> flush();
  /// Waits until what was written is on the disk.
  [[nodiscard]] coro<void> sync();

 private:
  static coro<line_file> open(std::string path);
  explicit line_file(std::string path) : path_(std::move(path)), writing_(std::make_unique<lock>()) {}
  void take_back();

  std::string path_;
  file file_;
  std::string lines_;
  std::string being_written_;
  std::uint64_t size_ = 0;  // of the file, all in whole lines
  std::unique_ptr<lock> writing_;
};

/// A file of lines that is made when its first line comes, and has none before.
class late_line_file {
 public:
  /// `header` is its first line, with its newline, or empty.
  late_line_file(const char* name, const char* header) : name_(name), header_(header) {}

  [[nodiscard]] std::string& lines() noexcept { return fresh_; }
  /// The file is made though no line may come: whoever finds it knows that such were looked for.
  void expect() noexcept { is_expected_ = true; }
  [[nodiscard]] bool is_full() const noexcept;
  /// Of an earlier crawl; takes it away, if there is one.
  void remove(const std::string& directory) const;
  /// How large the file will be when all is written; 0: there is none.
  [[nodiscard]] std::uint64_t size() const noexcept;
  /// As `line_file::reopen`, in `directory`; with a size of 0 there is none.
  [[nodiscard]] coro<void> reopen(std::string directory, std::uint64_t size);
  /// As `line_file::cut`; the whole file if its size is 0.
  void cut(const std::string& directory);
  /// As `line_file::flush`, into `directory`.
  [[nodiscard]] coro<void> flush(std::string directory);
  [[nodiscard]] coro<void> sync();

 private:
  const char* name_;
  const char* header_;
  std::optional<line_file> file_;
  std::string fresh_;
  bool is_expected_ = false;
};

/// The directory that a crawl writes: links.tsv and pages.jsonl as it goes, summary.json at its end. As far as there are such, items.jsonl;
/// nofollow.tsv, the rows of links.tsv whose every occurrence on the page said so; and resources.tsv, anchors.tsv and fragments.tsv: see
/// `page_elements`. And crawl.id, once it was synced, which says whose files these are.
class output final : public pipeline {
 public:
  /// Makes `directory` if it is not there, and empties the files of an earlier crawl. Throws `hocket::error`; also if another
  /// crawl is writing there.
  [[nodiscard]] static coro<output> open(std::string directory);

  /// Goes on with the files of an earlier crawl, which was synced: `position` is what that has told of itself, and what came after is
  /// taken away. Throws `hocket::error`, and changes no file: these are another crawl's, or none's; `lines_missing` if one ends before.
  [[nodiscard]] static coro<output> reopen(std::string directory, std::string position);

  void add_page(const page_record& page, std::span<const page_link> links) override;
  void add_item(std::string_view page, std::string_view json) override;
  [[nodiscard]] bool is_full() const noexcept override;
  [[nodiscard]] std::string position() const override;
  [[nodiscard]] coro<void> flush() override;
  [[nodiscard]] coro<void> sync() override;
  /// Replaces summary.json as a whole.
  [[nodiscard]] coro<void> finish(std::string summary) override;

  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

 private:
  enum late_file : std::uint8_t { items, resources, anchors, fragments, nofollow };

  [[nodiscard]] std::string& lines_of(late_file which) noexcept { return late_[which].lines(); }
  void add_links(std::string_view page, std::span<const page_link> links);
  void add_elements(std::string_view page, const page_elements& elements);
  coro<void> flush_late_files();
  coro<void> write_id();
  coro<void> sync_directory();
  output(std::string directory, std::string id, line_file links, line_file pages)
      : directory_(std::move(directory)), id_(std::move(id)), links_(std::move(links)), pages_(std::move(pages)) {}

  std::string directory_;
  std::string id_;            // of the crawl whose files these are
  bool has_id_file_ = false;  // that says so
  line_file links_;
  line_file pages_;
  std::array<late_line_file, 5> late_{{{"items.jsonl", ""},
                                       {"resources.tsv", "source_url\tparsed_url\tkind\n"},
                                       {"anchors.tsv", "page_url\tanchor\n"},
                                       {"fragments.tsv", "source_url\tparsed_url\tfragment\n"},
                                       {"nofollow.tsv", "source_url\tparsed_url\n"}}};
  std::string listed_;  // lines for `pages_`, whose links and items are not all handed on to be written
  std::size_t in_flight_pages_ =
      0;                          // bytes of lines that a flush has taken from `listed_` and not yet given to `pages_`
  std::size_t files_synced_ = 0;  // names of files that outlast the machine
  std::unique_ptr<lock> flushing_ = std::make_unique<lock>();
};

}  // namespace hocket::crawl
