#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/redis/client_options.hpp>

namespace hocket::crawl {

/// A worker of a shared crawl, as Redis knows it.
struct shared_worker {
  std::string id{};
  std::chrono::milliseconds silent{};  // since it last said that it lives
  std::string about{};  // what it says of itself, in JSON: machine, process, pages, stale, held, under_way, slow
  bool is_draining = false;
};

struct shared_partition {
  unsigned number = 0;
  std::uint64_t open = 0;                  // URLs that are not finished
  std::uint64_t taken = 0;                 // of these, by the owner
  std::uint64_t aside = 0;                 // besides, of hosts that want to be left alone
  std::uint64_t seen = 0;                  // ever
  std::string owner{};                     // "worker:token", or empty
  std::chrono::milliseconds lease_left{};  // negative: it has ended
};

/// A host for which URLs wait.
struct shared_host {
  std::string name{};
  std::uint64_t waiting = 0;
};

/// A shared crawl at one moment.
struct shared_crawl {
  std::string settings{};
  std::map<std::string, std::uint64_t> counts{};  // pages, ok, failed, links, bytes, open, level, skipped:REASON
  bool is_paused = false;
  std::vector<shared_worker> workers{};        // who said something last comes last
  std::vector<shared_partition> partitions{};  // that ever had a URL, by number
  std::map<std::string, std::uint64_t>
      spilled{};                     // by worker, also of those that are gone: URLs that are in its file alone
  std::vector<shared_host> hosts{};  // with the longest lines, as far as they are in the fullest partitions

  [[nodiscard]] bool has_worker(std::string_view id) const noexcept;
};

/// For who looks on, or steers: any number of these beside the workers.
class crawl_control {
 public:
  explicit crawl_control(redis::client_options options, std::string name = "crawl");
  ~crawl_control();

  // All throw what a `redis::call` throws.

  /// Nothing: there is no such crawl.
  [[nodiscard]] coro<std::optional<shared_crawl>> look();
  /// From their next words on, within a quarter of a lease, workers begin no pages; or do again.
  [[nodiscard]] coro<void> pause(bool is_paused);
  /// That worker finishes what is under way, gives up all it has, and ends. False: there is no such worker.
  [[nodiscard]] coro<bool> drain(std::string worker);
  /// Gives up the URLs that are in the file of that worker alone: they count as skipped ("spilled"). For one whose file is lost. Gives how many.
  /// Nothing: a worker that is there has it.
  [[nodiscard]] coro<std::optional<std::uint64_t>> drop_spill(std::string worker);
  [[nodiscard]] coro<void> close();

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace hocket::crawl
