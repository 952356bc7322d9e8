#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/crawl/link_extractor.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// One link of a page, resolved.
struct page_link {
  hocket::url url;
  bool nofollow;  // every occurrence on the page said so
};

/// Gathers the links of one page while it arrives, and resolves them when it has ended: only then is its base known.
/// Keeps the distinct hrefs, not the page. Reused from page to page.
class page_links {
 public:
  void begin();
  void feed(std::string_view bytes);

  /// The distinct http(s) links in order of appearance, without fragments, resolved against `document` or the base that the
  /// page declares. What is no URL is left out.
  [[nodiscard]] const std::vector<page_link>& finish(const hocket::url& document);

 private:
  struct found {
    std::string href;
    bool nofollow;
  };

  link_extractor extractor_;
  std::vector<found> hrefs_;
  std::unordered_map<std::string, std::size_t> known_hrefs_;
  std::vector<page_link> links_;
  std::unordered_map<std::string_view, std::size_t> known_links_;
};

}  // namespace hocket::crawl
