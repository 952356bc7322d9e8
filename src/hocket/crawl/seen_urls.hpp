#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <hocket/base/text_hash.hpp>
#include <hocket/crawl/digest_set.hpp>

namespace hocket::crawl {

/// Which URLs were seen, by digests of them: see `digest_set`. Pages under way may claim where they are redirected to.
class seen_urls {
 public:
  /// `seed`: nobody outside knows it, so that nobody can make two URLs that are taken for one.
  explicit seen_urls(std::uint64_t seed) noexcept : seed_(seed) {}

  /// Sees a URL, at that depth. True if it counts as new; one that a page has claimed may turn out to be: see `release`.
  [[nodiscard]] bool see(std::string_view href, unsigned depth);

  /// For a page that is redirected there. False if it was seen before: then it is somebody else's.
  [[nodiscard]] bool claim(std::string_view href);
  /// The page has fetched it.
  void keep(std::string_view href);
  /// The page has not: it is as if never seen. Gives the least depth at which it was seen meanwhile: it is to be fetched.
  [[nodiscard]] std::optional<unsigned> release(std::string_view href);

  [[nodiscard]] bool contains(std::string_view href) const noexcept { return digests_.contains(digest_of(href)); }
  [[nodiscard]] std::size_t size() const noexcept { return digests_.size(); }

 private:
  struct claim_state {
    bool is_held = true;                  // false: the page has not fetched it; it counts as new
    std::optional<unsigned> linked_at{};  // the depth at which it was found meanwhile
  };

  [[nodiscard]] bool is_anew(std::uint64_t digest, unsigned depth);
  [[nodiscard]] std::uint64_t digest_of(std::string_view href) const noexcept { return wide_text_hash(href, seed_); }

  std::uint64_t seed_;
  digest_set digests_;
  std::unordered_map<std::uint64_t, claim_state> claims_;  // by digests of these
};

}  // namespace hocket::crawl
