#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::http {

/// What tells one state of a resource from another. Source: RFC 9110, 8.8.3.
struct entity_tag {
  std::string opaque;  ///< what stands between the quotes
  bool weak = false;   ///< equal for states that are as good as each other, not byte for byte

  friend bool operator==(const entity_tag&, const entity_tag&) = default;
};

/// Reads `"xyzzy"` or `W/"xyzzy"`; nothing if it is malformed.
[[nodiscard]] std::optional<entity_tag> parse_entity_tag(std::string_view field);

/// `W/"xyzzy"`. Throws hocket::error if it has a quote, a blank or a control character within.
[[nodiscard]] std::string format_entity_tag(const entity_tag& tag);

/// A list of tags, or `*` for any. Source: RFC 9110, 13.1.1.
struct entity_tag_list {
  bool any = false;
  std::vector<entity_tag> tags;
  friend bool operator==(const entity_tag_list&, const entity_tag_list&) = default;
};

/// Reads an `If-Match` or `If-None-Match`, of which several are joined by commas before; nothing if it is malformed or
/// empty.
[[nodiscard]] std::optional<entity_tag_list> parse_entity_tags(std::string_view field);

/// Byte for byte the same: neither is weak. RFC 9110, 8.8.3.2.
[[nodiscard]] inline bool strong_match(const entity_tag& a, const entity_tag& b) noexcept {
  return !a.weak && !b.weak && a.opaque == b.opaque;
}
/// As good as each other.
[[nodiscard]] inline bool weak_match(const entity_tag& a, const entity_tag& b) noexcept { return a.opaque == b.opaque; }

}  // namespace hocket::http
