#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/crawl/crawl_order.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/pipeline.hpp>

namespace hocket::crawl {

namespace detail {
struct undone_page;
}

/// How a frontier on disk gives URLs.
struct rocksdb_frontier_options {
  /// Those of lesser depth first, whatever their host: for a crawl that has a limit of depth.
  bool by_level = false;
  /// At each host, among those of the same priority; from `of_host` URLs that wait on, roughly.
  crawl_order order = crawl_order::breadth_first;
  /// URLs that the crawler holds of one host and in all; the others wait on disk. More than it fetches at once.
  std::size_t of_host = 1000;
  std::size_t in_all = 20'000;
  /// Memory for digests of the URLs that were seen of late, a power of two: eight bytes each. About others the disk is asked.
  std::size_t digest_bytes = std::size_t{8} << 20;
};

/// A frontier in a folder, by RocksDB: what a page has changed is there when `finish` returns, however the process ends after that.
///
/// The pages that end while a batch is written make the next one, or several if they have found very much: their lines are flushed to the
/// pipeline first, then URLs, counts and the pipeline's position become one atomic write. Resumed, a crawl begins with the URLs that no
/// written batch has finished, and with an output cut to the position. If the machine dies, what came after the last `sync` may be lost,
/// and the output may lack lines: then `go_back`.
///
/// Memory does not grow with the crawl: it has a part of the URLs that wait, and digests of those that were seen of late. All calls
/// that read or write the disk are made on threads.
class rocksdb_frontier final : public frontier {
 public:
  enum class mode { begin, resume };

  /// Opens the folder, or makes it. `settings` are what must be the same when it is resumed, options included. Throws `hocket::error`,
  /// one line: there is a crawl to resume, or none; another process uses it; it holds something else, or is broken; other settings.
  [[nodiscard]] static coro<std::shared_ptr<rocksdb_frontier>> open(std::string folder, mode how, std::string settings,
                                                                    rocksdb_frontier_options options = {});
  /// With which the crawl in this folder was begun; empty if there is none. Changes nothing. Throws `hocket::error`, as `open` does.
  [[nodiscard]] static coro<std::string> settings_of(std::string folder);
  ~rocksdb_frontier() override;

  /// Where the lines of pages go: flushed before a page counts as finished. To be set before the crawl begins.
  void write_to(pipeline& out) noexcept { out_ = &out; }

  /// The position of the output of what was finished, that of its beginning included; empty: the crawl was not begun, or its output
  /// knows no such thing.
  [[nodiscard]] const std::string& position() const noexcept { return position_; }
  /// Before the crawl goes on with an output that does not reach its position: lets the pages wait again that were finished after the
  /// last `sync`, and takes the position back. Gives their number. Throws `hocket::error`.
  [[nodiscard]] coro<std::uint64_t> go_back();
  /// Of the crawl when it was begun.
  [[nodiscard]] const std::vector<std::string>& seeds() const noexcept { return seeds_; }

  [[nodiscard]] coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) override;
  [[nodiscard]] coro<std::vector<target>> finish(const finished_page& done, const judge& decide) override;
  void keep_attempts(const target& again) override;
  void keep_rest(const host_rest& asked) override;
  [[nodiscard]] coro<std::vector<host_rest>> rests(std::chrono::sys_seconds now) override;
  [[nodiscard]] bool takes_back() const noexcept override { return true; }
  void set_aside(const url& host, time_point until) override;
  void take_back(const target& waiting) override;
  [[nodiscard]] coro<std::vector<target>> more() override;
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::vector<target>> more_of_rested() override { return more(); }
  [[nodiscard]] std::optional<std::uint64_t> seed_of_counts() const noexcept override;
  void keep_count(std::uint64_t name, std::uint64_t count) override;
  [[nodiscard]] coro<void> visit_counts(std::function<void(std::uint64_t name, std::uint64_t count)> visit) override;
  [[nodiscard]] coro<void> sync() override;
  [[nodiscard]] coro<bool> claim(std::string href) override;
  void pass_over(std::string_view href, std::string_view reason) override;
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override;
  [[nodiscard]] std::size_t seen() const noexcept override { return static_cast<std::size_t>(seen_); }
  [[nodiscard]] std::uint64_t kept() const noexcept override;
  [[nodiscard]] tally resumed() const override { return counts_; }

 private:
  struct parts;
  struct ended;
  struct batch;
  struct candidate;

  explicit rocksdb_frontier(rocksdb_frontier_options options);
  void load(std::string folder, mode how, const std::string& settings);
  void load_seen();
  [[nodiscard]] std::vector<candidate> claimed_by_nobody() const;
  coro<void> note_where_output_begins(batch& all);
  void find_candidates(const finished_page& done, ended& page);
  coro<void> be_written(ended& mine, const judge& decide);
  coro<void> commit(const judge& decide, std::vector<target>& more);
  std::string take_pages(batch& all);
  bool are_certain(ended& page) const;
  void look_up(batch& all);
  [[nodiscard]] bool has_seen(std::string_view href, std::uint64_t half) const;
  void end(batch& all, const finished_page& done);
  void decide_about(batch& all, ended& page, const judge& decide);
  void release(batch& all, const std::string& href, const judge& decide, std::vector<target>& fresh);
  void see_candidate(batch& all, candidate found, const judge& decide, std::vector<target>& fresh);
  void mark_as_seen(batch& all, std::string_view href, std::uint64_t half);
  void see(batch& all, url found, std::uint64_t half, unsigned depth, const judge& decide, std::vector<target>& fresh);
  void count(const finished_page& done, detail::undone_page& undone);
  void uncount(const detail::undone_page& page);
  coro<void> write(batch& all, std::vector<target>& more);
  void take_what_is_aside();
  coro<void> read_more(std::vector<target>& into);
  [[nodiscard]] std::string state() const;
  coro<void> sync_shielded();
  coro<bool> write_by_themselves();
  void forget_undone(std::uint64_t batches, const std::string& position);
  std::uint64_t let_wait_again();
  std::string read_passed_over(std::string from, std::vector<std::pair<std::string, std::string>>& into) const;

  std::unique_ptr<parts> parts_;
  pipeline* out_ = nullptr;
  std::string position_;
  std::vector<std::string> seeds_;
  tally counts_;
  std::uint64_t next_number_ = 1;
  std::uint64_t seen_ = 0;
  std::uint64_t kept_ = 0;
};

}  // namespace hocket::crawl
