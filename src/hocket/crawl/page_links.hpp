#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/link_extractor.hpp>
#include <hocket/crawl/page_elements.hpp>
#include <hocket/crawl/robots_directives.hpp>
#include <hocket/crawl/text_set.hpp>
#include <hocket/text/detect_encoding.hpp>
#include <hocket/text/text_decoder.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// One link of a page, resolved.
struct page_link {
  hocket::url url;
  bool nofollow;  // every occurrence on the page said so
};

/// What a page says about itself, resolved.
struct page_declarations {
  struct alternate {
    std::string hreflang;
    std::string href;
  };

  robots_directives robots;
  std::string canonical;  // empty: none
  std::vector<alternate> alternates;
};

/// Gathers the links of one page while it arrives, and resolves them when it has ended: only then is its base known.
/// Keeps the distinct hrefs, not the page. Reused from page to page.
///
/// The page is read in its encoding, found as browsers find it, and the queries of its links are written in that encoding. A
/// page that declares none is taken for ASCII until a byte says otherwise; what the bytes from there to the end of the piece
/// look like decides then.
class page_links {
 public:
  /// What is found on a page may come to this many bytes, each link counted with the page's own URL, as they are written; and to no more than a
  /// megabyte and 32 times what was read. A small page with a long base would come to gigabytes otherwise.
  static constexpr std::size_t max_found_bytes = std::size_t{64} * 1024 * 1024;

  /// `seed`: see `text_set`. With nothing `wanted` besides links, pages are read faster. `robot`: see `link_extractor`.
  explicit page_links(std::uint64_t seed = 0, element_options wanted = {}, std::string robot = {})
      : collector_(wanted.any() ? std::make_unique<element_collector>(wanted, seed) : nullptr),
        extractor_(collector_.get(), std::move(robot)),
        hrefs_(seed),
        known_links_(seed) {}

  /// `charset` is the parameter of the page's Content-Type, empty for none.
  void begin(std::string_view charset = {});
  void feed(std::string_view bytes);

  /// The distinct http(s) links in order of appearance, without fragments, resolved against `document` or the base that the
  /// page declares. What is no URL is left out. Whoever wants them may take them.
  [[nodiscard]] std::vector<page_link>& finish(const hocket::url& document);

  /// What the page says about itself; after `finish`. What is no http(s) URL is left out.
  [[nodiscard]] page_declarations& declared() noexcept { return declared_; }

  /// What the page has besides links, as far as wanted; after `finish`.
  [[nodiscard]] page_elements& elements() noexcept { return elements_; }

  /// There was more than `max_found_bytes` allow, and the rest was left out; after `finish`.
  [[nodiscard]] bool is_cut_off() const noexcept { return is_cut_off_; }

  /// What it keeps of the page, in bytes, roughly.
  [[nodiscard]] std::size_t held_bytes() const noexcept;

  /// In which encoding the page is; nothing while all of it was ASCII and it has declared none.
  [[nodiscard]] std::optional<encoding> page_encoding() const noexcept { return encoding_; }

 private:
  class page_urls;

  void look_for_declaration(std::string_view beginning);
  void use(encoding which);
  void take(std::string_view bytes);
  void extract(std::string_view text);
  [[nodiscard]] bool has_room_for(std::size_t bytes) noexcept;
  void finish_links(const page_urls& urls);
  void finish_declarations(const page_urls& urls);
  void finish_elements(const page_urls& urls);

  std::unique_ptr<element_collector> collector_;  // null: only links are wanted
  link_extractor extractor_;
  std::string charset_;
  bool has_begun_ = false;  // enough has come to know what is declared
  std::string beginning_;   // until then
  std::optional<encoding> encoding_;
  std::optional<text_decoder> decoder_;  // of a page that is not UTF-8
  std::string decoded_;                  // the piece at hand
  text_set hrefs_;
  std::vector<bool> nofollow_;  // of each of them, every occurrence
  std::vector<page_link> links_;
  text_set known_links_;
  page_declarations declared_;
  page_elements elements_;
  std::size_t read_ = 0;  // bytes of the page
  std::size_t room_ = 0;  // for what is found
  bool is_cut_off_ = false;
};

}  // namespace hocket::crawl
