#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <hocket/crawl/target.hpp>
#include <hocket/crawl_redis/detail/crawl_store.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::crawl::detail {

/// What a worker has, as far as it knows: partitions by their leases, and URLs of these that it was given and has not finished. A URL is this lease's whose
/// token is its `target::number`.
class holdings {
 public:
  /// Takes over what Redis says; what was lost is forgotten, with its URLs. True if there was any.
  bool take_over(const held_partitions& mine);

  [[nodiscard]] bool empty() const noexcept { return leases_.empty(); }
  /// All of them.
  [[nodiscard]] held_partitions all() const;
  /// Without those that are being given up.
  [[nodiscard]] held_partitions staying() const;
  /// Being given up, and nothing of them is under way; or they have been so since before `long_ago`.
  [[nodiscard]] held_partitions ready_to_go(time_point long_ago) const;
  /// 0: it is not held.
  [[nodiscard]] fencing_token token_of(partition which) const;
  [[nodiscard]] bool is_staying(partition which, fencing_token token) const;

  /// Gives up so many in all that have URLs, those first of which the least is under way. True if some are new.
  bool give_up(std::size_t how_many, const std::vector<partition>& idle, time_point now);
  void give_up_all(time_point now);
  void forget(const held_partitions& gone);

  /// False: it was given before.
  bool add(const taken_url& given, fencing_token token);
  /// Whether that URL is this worker's, and not of a partition that is being given up unless it is under way already.
  [[nodiscard]] bool is_wanted(const target& which) const;
  void begin(const target& which);
  /// It was finished, or is elsewhere.
  void remove(const std::string& href, fencing_token token);

  [[nodiscard]] std::size_t urls() const noexcept { return urls_.size(); }
  [[nodiscard]] std::size_t begun() const noexcept { return begun_; }

 private:
  struct lease {
    fencing_token token = 0;
    std::size_t begun = 0;
    bool is_leaving = false;
    time_point leaving_since{};
  };
  struct held_url {
    partition from = 0;
    fencing_token token = 0;
    bool is_begun = false;
  };

  void leave(lease& which, time_point now) const;
  void forget_urls();

  std::map<partition, lease> leases_;
  std::unordered_map<std::string, held_url> urls_;
  std::size_t begun_ = 0;
};

}  // namespace hocket::crawl::detail
