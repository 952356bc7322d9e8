#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <hocket/http/headers.hpp>
#include <hocket/http/range/entity_tag.hpp>

namespace hocket::http {

/// What there is now where a request is for: what its conditions are about.
struct resource_state {
  bool exists = true;
  std::optional<entity_tag> etag{};
  std::optional<std::chrono::sys_seconds> last_modified{};
  /// It is known that nothing else was there within the second of `last_modified`, so that the date names this very state.
  /// Source: RFC 9110, 8.8.2.2.
  bool is_date_strong = false;
};

enum class precondition : unsigned char {
  met,           ///< go on
  not_modified,  ///< answer 304
  failed,        ///< answer 412, and change nothing
};

/// Whether a request is to be done, by its `If-Match`, `If-Unmodified-Since`, `If-None-Match` and `If-Modified-Since`,
/// in the order of the standard. `now` is for dates with two digits of the year (`parse_date`). What is malformed is
/// ignored if that does no harm: an `If-Match` counts as false, and so does an `If-None-Match` of a request that is not
/// GET or HEAD.
/// Source: RFC 9110, 13.1 and 13.2.2.
[[nodiscard]] precondition evaluate_preconditions(std::string_view method, const headers& request,
                                                  const resource_state& state, std::chrono::sys_seconds now);

/// Whether the `Range` of a request that is to be done counts: it is a GET, and its `If-Range`, if there is one, names
/// this very state, by a strong entity tag or a strong date. What is there twice does not count.
/// Source: RFC 9110, 13.1.5 and 14.2.
[[nodiscard]] bool range_counts(std::string_view method, const headers& request, const resource_state& state,
                                std::chrono::sys_seconds now);

/// How long to wait, by a `Retry-After`: seconds, or a date, which may be past already. Nothing if it is malformed.
/// What no clock can count to is the longest. Source: RFC 9110, 10.2.3.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view field,
                                                                    std::chrono::sys_seconds now);

}  // namespace hocket::http
