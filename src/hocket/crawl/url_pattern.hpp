#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// A regular expression that a URL's text may hold: POSIX extended, as in `grep -E`, anywhere in the text unless it is anchored.
/// Copies share the compiled form.
class url_pattern {
 public:
  /// Throws `hocket::error` if it is none.
  explicit url_pattern(const std::string& expression);

  [[nodiscard]] bool matches(const url& where) const;

 private:
  struct compiled;
  std::shared_ptr<const compiled> compiled_;
};

/// Whether one of them matches.
[[nodiscard]] bool matches_any(const std::vector<url_pattern>& patterns, const url& where);

}  // namespace hocket::crawl
