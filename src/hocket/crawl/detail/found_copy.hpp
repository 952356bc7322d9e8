#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <hocket/crawl/hooks.hpp>
#include <hocket/crawl/pipeline.hpp>

namespace hocket::crawl::detail {

// What a crawl tells, kept for another thread.

/// A page with its links.
class page_copy {
 public:
  page_copy(const page_record& page, std::span<const page_link> links);

  /// Refers to this.
  [[nodiscard]] page_record record() const;
  [[nodiscard]] std::span<const page_link> links() const noexcept { return links_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  page_record plain_;  // what refers to nothing
  std::string url_;
  std::string final_url_;
  std::string content_type_;
  std::string archived_;
  std::string error_;
  std::vector<http::redirect_hop> redirects_;
  std::optional<http::validators> validators_;
  std::optional<page_declarations> declared_;
  std::optional<page_elements> elements_;
  std::vector<page_link> links_;
  std::size_t bytes_ = 0;  // roughly
};

struct item_copy {
  std::string page;
  std::string json;
};

struct skip_copy {
  std::string url;
  std::string reason;
};

struct note_copy {
  std::string text;
};

class attempt_copy {
 public:
  explicit attempt_copy(const attempt_record& attempt)
      : plain_(attempt), url_(attempt.url), final_url_(attempt.final_url), error_(attempt.error) {}

  /// Refers to this.
  [[nodiscard]] attempt_record record() const;

 private:
  attempt_record plain_;
  std::string url_;
  std::string final_url_;
  std::string error_;
};

using found_copy = std::variant<page_copy, item_copy, skip_copy, note_copy, attempt_copy>;

}  // namespace hocket::crawl::detail
