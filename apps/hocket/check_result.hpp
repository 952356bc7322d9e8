#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hocket::app {

/// What pages refer to and nobody finds.
struct broken_link {
  std::string url;                   // with its fragment, if it is the place on the page that is missing
  int status = 0;                    // 0: there was no answer
  std::string error;                 // in one line
  bool is_accepted = false;          // by the baseline
  std::vector<std::string> pages{};  // that refer to it, the first by name; none: it was given on the command line
  std::uint64_t references = 0;      // all of them
};

/// What `hocket crawl --check` has found.
struct check_result {
  std::vector<broken_link> broken{};                 // by URL
  std::uint64_t pages = 0;                           // that the crawl has asked for
  std::uint64_t asked = 0;                           // URLs that were asked for besides
  std::uint64_t cached = 0;                          // not asked for, as they were good of late
  std::map<std::string, std::uint64_t> unchecked{};  // URLs, by reason
  std::uint64_t accepted = 0;                        // of the broken ones
  double seconds = 0;

  [[nodiscard]] std::uint64_t checked() const noexcept { return pages + asked + cached; }
  [[nodiscard]] std::uint64_t failures() const noexcept { return broken.size() - accepted; }
};

/// So many of the pages that hold a broken link are kept.
inline constexpr std::size_t most_pages_of_a_link = 10;

}  // namespace hocket::app
