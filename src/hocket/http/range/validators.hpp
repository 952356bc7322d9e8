#pragma once

#include <cstdint>
#include <string>

#include <hocket/http/headers.hpp>

namespace hocket::http {

/// What tells the state of a resource that a response brought from later ones. Texts as its fields have them, to be kept beside what was
/// brought. Source: RFC 9110, 8.8.
struct validators {
  std::string etag{};           ///< `"xyzzy"` or `W/"xyzzy"`; empty if there is none, or a malformed one
  std::string last_modified{};  ///< a date; empty if there is none, or a malformed one
  /// The response was made a second later or more, so that the date is of no other state; not told of beside a tag. Source: RFC 9110, 8.8.2.2.
  bool is_date_strong = false;

  /// Those of a response's fields.
  [[nodiscard]] static validators of(const headers& response);

  [[nodiscard]] bool empty() const noexcept { return etag.empty() && last_modified.empty(); }
  /// What goes into `If-Range`: equal only for what is the same byte for byte. Empty if there is none.
  [[nodiscard]] const std::string& strongest() const noexcept;

  friend bool operator==(const validators&, const validators&) = default;
};

/// Makes of a GET or HEAD one that is answered 304, without a body, while the resource is as it was: by `If-None-Match` and
/// `If-Modified-Since`, as far as they are known. Source: RFC 9110, 13.1.2 and 13.1.3.
void ask_if_changed(headers& request, const validators& known);

/// Makes of a GET one for what comes after the first `first` bytes, which are there: 206 brings it; 200 all, if the resource is not as it was;
/// 416 nothing, where there is nothing more. If `known` has nothing strong, nobody checks whether what is there and what comes belong together.
/// Source: RFC 9110, 13.1.5 and 14.2.
void ask_for_rest(headers& request, std::uint64_t first, const validators& known = {});

}  // namespace hocket::http
