#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <hocket/http/client/response.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// How far an attempt at a page has come that was put back, for it was not the turn of the host that it was to ask next.
struct page_underway {
  hocket::url place;                            // to be asked for next
  bool is_allowed = false;                      // by the robots.txt of there
  std::vector<http::redirect_hop> redirects{};  // that led there
  std::vector<std::string> claimed{};           // on the way
  duration spent{};                             // of the time that it has
};

/// A URL to fetch.
struct target {
  hocket::url url;
  unsigned depth = 0;                  // links from a seed
  int priority = 0;                    // at its host, the greater first
  unsigned attempts = 0;               // made so far
  std::vector<std::string> claimed{};  // where earlier attempts were redirected to: seen, but nobody else's
  std::uint64_t number = 0;            // given by the frontier: of two, the lesser was found first
  std::shared_ptr<const page_underway> underway{};  // null: the attempt has not begun

  /// What is to be asked for next: it waits for a turn of the host of this.
  [[nodiscard]] const hocket::url& place() const noexcept { return underway ? underway->place : url; }
  [[nodiscard]] bool is_new() const noexcept { return attempts == 0 && !underway; }
};

}  // namespace hocket::crawl
