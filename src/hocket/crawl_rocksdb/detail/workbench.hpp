#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <hocket/crawl/target.hpp>
#include <hocket/crawl_rocksdb/detail/frontier_keys.hpp>
#include <hocket/crawl_rocksdb/detail/frontier_store.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::crawl::detail {

/// Which of the URLs that wait on disk the crawler has been given: BUbiNG's workbench. Some of each host, and so many in all; the rest
/// is read when these run low, hosts in turn, at each host in its order. By level, none before all of lesser depth are finished.
///
/// What waits for hosts that were set aside stays on the disk, and neither takes room nor keeps the next level back.
///
/// Memory is bounded by `limits::in_all`, but for numbers of URLs that have begun and are set aside. Used by one thread at a time.
class workbench {
 public:
  struct limits {
    std::size_t of_host;
    std::size_t in_all;
  };

  workbench(waiting_order order, limits most) : order_(order), limits_(most) {}

  /// Before anything else: so many wait on disk.
  void begin(std::uint64_t waiting) noexcept { kept_ = waiting; }

  /// Of a new URL, which goes to the disk under `key` in any case: whether it is given at once.
  [[nodiscard]] bool give(const target& fresh, const std::string& key);
  /// One that was given is finished.
  void finish(const target& done);

  /// Nothing of that host is given before then.
  void set_aside(std::string host, time_point until);
  /// One that was given waits for a host that was set aside. If it is new, it is given again when that is over.
  void take_back(const target& waiting);

  /// Reads what may be given besides. Blocks. At least one, if none is given and any waits that is not set aside. Throws `hocket::error`.
  [[nodiscard]] std::vector<target> refill(const frontier_store& from, time_point now);

  /// That wait and are not given.
  [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }
  /// That wait, given or not.
  [[nodiscard]] std::uint64_t waiting() const noexcept { return kept_ + given_.size() + idle_.size(); }

 private:
  struct host {
    std::size_t given = 0;
    std::string more_from;  // the first key of what is kept, or one before it; empty: all is given
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using host_map = std::unordered_map<std::string, host, text_hash, std::equal_to<>>;

  [[nodiscard]] std::size_t room_of_host() const noexcept;
  bool forget(const target& given);
  void come_back(time_point now);
  void refill_host(const frontier_store& from, std::string_view name, std::vector<target>& into);
  void read(const frontier_store& from, host_map::value_type& where, std::size_t most, std::vector<target>& into);
  void read_others(const frontier_store& from, std::vector<target>& into);
  [[nodiscard]] bool begin_level(const frontier_store& from);

  waiting_order order_;
  limits limits_;
  host_map hosts_;                           // of which some are given
  std::unordered_set<std::uint64_t> given_;  // numbers
  std::unordered_set<std::uint64_t> idle_;   // of those that have begun, and wait for a host that was set aside
  std::unordered_map<std::string, time_point, text_hash, std::equal_to<>> aside_;  // hosts, and until when
  std::vector<std::string> low_;                                                   // hosts that may want more
  std::uint64_t kept_ = 0;
  unsigned level_ = 0;
  bool has_level_ = false;   // `level_` was found; nothing is given before
  bool has_others_ = false;  // hosts that are not in `hosts_`, perhaps
  std::string last_other_;   // the host that was read last of these
};

}  // namespace hocket::crawl::detail
