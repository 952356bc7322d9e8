#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/counters.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// How far a crawl goes into what looks endless. 0: no limit.
struct trap_limits {
  std::size_t url_bytes = 4096;
  std::size_t path_depth = 64;           // segments of a path
  std::size_t repetitions = 4;           // of a segment, or of a row of segments, one behind the other
  std::size_t queries_of_a_path = 5000;  // different queries behind one path
  std::size_t dates_of_a_path = 2000;    // URLs that differ only in digits and hold a date
  std::size_t pages_of_a_host = 0;
};

/// Tells URLs that lead into spaces without end: relative links that nest, faceted searches, session ids, calendars. Each URL is
/// asked about once, when it is new. Counts each path that has queries or dates, and URLs with session ids.
class traps {
 public:
  /// `counts` has what it remembers, and outlives it.
  traps(trap_limits limits, counters& counts) noexcept : limits_(limits), counts_(counts) {}

  /// Why the URL is not to be fetched: "url_length", "path_depth", "repeated_segments", "queries", "session_id", "calendar",
  /// "host_limit"; empty: no reason.
  [[nodiscard]] std::string_view judge(const url& found);

 private:
  std::string_view judge_path(std::string_view path);
  std::string_view judge_query(const url& found);
  std::string_view judge_dates(const url& found);

  trap_limits limits_;
  std::vector<std::string_view> segments_;  // of the path at hand
  counters& counts_;
};

/// The URL without a session id in its path (`;jsessionid=`) or query (`PHPSESSID=`); empty if it has none.
[[nodiscard]] std::string without_session_id(const url& whole);

}  // namespace hocket::crawl
