#pragma once

#include <string_view>

namespace hocket::crawl {

/// How pages call a crawler: what its user agent begins with, up to a version or more words ("hocket" of "hocket/1.0 (...)").
[[nodiscard]] std::string_view robot_name(std::string_view user_agent) noexcept;

/// What a page or its answer says to robots about itself.
/// Source: RFC 9309 leaves it to others: Google's "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications".
struct robots_directives {
  bool noindex = false;
  bool nofollow = false;  // none of its links

  /// The content of a `<meta name="robots">`, or of one for this robot; both count: "noindex, nofollow", "none". What is unknown is passed over.
  void add(std::string_view content);

  /// A field X-Robots-Tag, which may be for one robot only ("googlebot: noindex"); `user_agent` is what the crawler calls itself.
  void add_field(std::string_view value, std::string_view user_agent);

  /// "", "noindex", "nofollow" or "noindex,nofollow".
  [[nodiscard]] std::string_view text() const noexcept;
};

}  // namespace hocket::crawl
