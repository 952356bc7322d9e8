#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/pipeline.hpp>

namespace hocket::crawl {

/// A frontier in a folder, by RocksDB: what a page has changed is there when `finish` returns, however the process ends after that.
///
/// The pages that end while a batch is written make the next one: their lines are flushed to the pipeline first, then URLs, counts
/// and the pipeline's position become one atomic write. Resumed, a crawl begins with the URLs that no written batch has finished,
/// and with an output cut to the position. Survives the death of the process, not that of the machine: nothing is synced.
///
/// URLs that wait are held in memory too, those that were seen are not. All calls of RocksDB are made on threads.
class rocksdb_frontier final : public frontier {
 public:
  enum class mode { begin, resume };

  /// Opens the folder, or makes it. `settings` are what must be the same when it is resumed. Throws `hocket::error`, one line:
  /// there is a crawl to resume, or none; another process uses it; it holds something else, or is broken; other settings.
  [[nodiscard]] static coro<std::shared_ptr<rocksdb_frontier>> open(std::string folder, mode how, std::string settings);
  ~rocksdb_frontier() override;

  /// Where the lines of pages go: flushed before a page counts as finished. To be set before the crawl begins.
  void write_to(pipeline& out) noexcept { out_ = &out; }

  /// The position of the output of what was finished; empty: nothing was.
  [[nodiscard]] const std::string& position() const noexcept { return position_; }
  /// Of the crawl when it was begun.
  [[nodiscard]] const std::vector<std::string>& seeds() const noexcept { return seeds_; }

  [[nodiscard]] coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) override;
  [[nodiscard]] coro<std::vector<target>> finish(const finished_page& done, const judge& decide) override;
  [[nodiscard]] coro<bool> claim(std::string href) override;
  void pass_over(std::string_view href, std::string_view reason) override;
  [[nodiscard]] coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) override;
  [[nodiscard]] std::size_t seen() const noexcept override { return static_cast<std::size_t>(seen_); }
  [[nodiscard]] tally resumed() const override { return counts_; }

 private:
  class store;
  struct ended;
  struct batch;
  struct line;

  explicit rocksdb_frontier(std::shared_ptr<store> kept);
  void load();
  coro<void> be_written(ended& mine, const judge& decide);
  coro<void> commit(const judge& decide);
  bool look_up_recent(batch& all);
  void look_up(batch& all);
  void decide_about(batch& all, ended& page, const judge& decide);
  void count(const finished_page& done);
  void write(batch& all);
  template <class Changes>
  void put_state(Changes& changes) const;

  std::shared_ptr<store> store_;
  std::unique_ptr<line> line_;
  pipeline* out_ = nullptr;
  std::string position_;
  std::vector<std::string> seeds_;
  tally counts_;
  std::uint64_t next_number_ = 1;
  std::uint64_t seen_ = 0;
};

}  // namespace hocket::crawl
