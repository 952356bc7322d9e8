#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include <hocket/base/text_hash.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/crawl/scheduler.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl::detail {

/// Tells the scheduler at which address a host is, before anything is asked there: see `crawl_options::per_address`. What a look-up has
/// come to holds for a minute, a failure too. Belongs to one loop.
class address_finder {
 public:
  /// How many hosts are remembered; beyond, all are forgotten.
  static constexpr std::size_t most_hosts = 10'000;

  /// Both outlive it. `seed`: see `text_hash`.
  address_finder(const crawl_options& options, scheduler& turns, std::uint64_t seed = 0)
      : options_(options), turns_(turns), known_(0, seeded_text_hash{seed}) {}

  /// Whether there is room at the address of the host of `whose` for the URL under way there, which was handed out and asked for nothing yet; if
  /// not, it is to be put back. Looks the address up if it is not known, for as long as a page may take; one that cannot be found is not
  /// counted, and whoever connects is told why.
  [[nodiscard]] coro<bool> has_room(url whose);

 private:
  struct finding {
    std::string address;  // empty: it cannot be found
    time_point good_until{};
  };

  [[nodiscard]] coro<std::string> address_of(std::string host);
  [[nodiscard]] coro<std::string> look_up(std::string host) const;

  const crawl_options& options_;
  scheduler& turns_;
  std::unordered_map<std::string, finding, seeded_text_hash, std::equal_to<>> known_;
};

}  // namespace hocket::crawl::detail
