#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/page_links.hpp>
#include <hocket/http/client/response.hpp>

namespace hocket::crawl {

/// What a spider found on a page.
struct findings {
  std::vector<page_link> links{};    // distinct; all are written, and those that are not nofollow followed
  std::vector<std::string> items{};  // records taken from the page, each one line of JSON
  page_declarations declared{};      // by the page itself; what its fields say is the crawler's to add
  page_elements elements{};          // what it has besides, as far as wanted
  std::string error{};               // why the page counts as failed, with what was found; empty: it does not
};

/// Reads one page after another while their bytes arrive. Belongs to one task at a time.
class page_reader {
 public:
  virtual ~page_reader() = default;

  /// A new page, of which the head has come. Whatever was found before is forgotten.
  virtual void begin(const http::response& head) = 0;
  virtual void feed(std::string_view piece) = 0;
  /// What it keeps of the page at hand, in bytes, roughly: asked after each piece, see `crawl_options::max_held_bytes`. 0: hardly any.
  [[nodiscard]] virtual std::size_t held_bytes() const noexcept { return 0; }
  /// The page has ended, or is cut off at the limit; `document` is where it was found after redirects. Valid until `begin`.
  [[nodiscard]] virtual findings& finish(const url& document) = 0;
};

/// Knows what to take from pages: Scrapy's spider. One for a crawl.
class spider {
 public:
  virtual ~spider() = default;

  /// Whether a page with this head, whose status is below 400, is read.
  [[nodiscard]] virtual bool wants(const http::response& head) const = 0;
  /// `seed`: what is random in it, so that no page can tell.
  [[nodiscard]] virtual std::unique_ptr<page_reader> make_reader(std::uint64_t seed) const = 0;
};

/// Takes the links of pages in HTML, and what else is wanted: see `page_links`.
class link_spider : public spider {
 public:
  /// `user_agent` is what the crawler calls itself: pages may say to it what they say to robots.
  explicit link_spider(element_options wanted = {}, std::string_view user_agent = {})
      : wanted_(wanted), robot_(robot_name(user_agent)) {}

  [[nodiscard]] bool wants(const http::response& head) const override;
  [[nodiscard]] std::unique_ptr<page_reader> make_reader(std::uint64_t seed) const override;

 private:
  element_options wanted_;
  std::string robot_;
};

}  // namespace hocket::crawl
