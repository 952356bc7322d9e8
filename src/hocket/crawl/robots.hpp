#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// What a robots.txt says to one crawler. A value; parsing and asking touch nothing else.
///
/// The rules are those of all groups that name the crawler, or else its name as far as the standard allows (without digits), or else of all
/// that are for everybody (`*`). Of the rules that match
/// a URL the longest counts, and of two as long the one that allows; without any the URL is allowed. Lines that are no records
/// of the standard are passed over and end no group.
/// Source: RFC 9309. `Crawl-delay` and `Sitemap` are records of others (2.2.4).
class robots {
 public:
  /// What is read of a file; a line that does not end within is left out (RFC 9309, 2.5: at least this).
  static constexpr std::size_t max_size = std::size_t{500} * 1024;
  /// What is compared of a URL's path and query.
  static constexpr std::size_t max_target_size = std::size_t{8} * 1024;

  /// Allows everything: there is no file (2.3.1.3).
  robots() = default;

  /// `user_agent` is what the crawler calls itself; what counts is the product token that it begins with ("hocket" of
  /// "hocket/1.0 (...)"), whatever its case.
  [[nodiscard]] static robots parse(std::string_view text, std::string_view user_agent);

  /// Allows nothing but robots.txt itself: the file cannot be had for now (2.3.1.4).
  [[nodiscard]] static robots disallowing_all();

  [[nodiscard]] bool allows(const url& where) const;

  /// The rest that the host asks for between two requests.
  [[nodiscard]] std::optional<duration> crawl_delay() const noexcept { return crawl_delay_; }
  /// As they stand in the file, for whichever crawler: references that are to be resolved against the file's own URL.
  [[nodiscard]] const std::vector<std::string>& sitemaps() const noexcept { return sitemaps_; }
  [[nodiscard]] std::size_t rules() const noexcept { return rules_.size(); }

 private:
  class reader;

  struct rule {
    std::string pattern;  // in the form of `comparable`; every `*` left in it stands for any text
    bool allow = false;
    bool to_the_end = false;  // it ended in `$`

    [[nodiscard]] bool matches(std::string_view target) const;
  };

  std::vector<rule> rules_;  // in the order in which they count
  std::optional<duration> crawl_delay_;
  std::vector<std::string> sitemaps_;
};

}  // namespace hocket::crawl
