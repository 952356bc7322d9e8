// Most pages are UTF-8 or ASCII. They go to the link extractor as they come; only their first 1024 bytes are held back, if
// they come in smaller pieces, and searched for a declaration. All others are decoded piece by piece.

#include <algorithm>
#include <expected>
#include <utility>

#include <hocket/base/utf8.hpp>
#include <hocket/crawl/page_links.hpp>
#include <hocket/text/text_encoder.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::crawl {
namespace {

/// Writes queries in the page's encoding.
class page_query_encoder final : public query_encoder {
 public:
  explicit page_query_encoder(encoding of_page) : encoding_(of_page) {}

  void encode(std::string_view text, std::string& bytes, std::vector<missing_character>& missing) const override {
    text_encoder encoder(encoding_);
    while (const auto character = encoder.encode(text, bytes)) missing.push_back({bytes.size(), *character});
  }

 private:
  encoding encoding_;
};

/// Takes out what was written in several ways and is the same. Sorts.
void keep_distinct(page_elements& elements) {
  const auto keep = [](auto& list, auto key) {
    std::ranges::sort(list, {}, key);
    const auto same = std::ranges::unique(list, {}, key);
    list.erase(same.begin(), same.end());
  };
  keep(elements.resources,
       [](const auto& each) { return std::pair<resource_kind, std::string_view>(each.kind, each.url); });
  keep(elements.fragment_links,
       [](const auto& each) { return std::pair<std::string_view, std::string_view>(each.url, each.fragment); });
}

/// `data:` and `javascript:` are the base of nothing.
/// Source: HTML, 4.2.3 "set the frozen base URL".
bool may_be_base(const hocket::url& declared) {
  return declared.scheme() != "data" && declared.scheme() != "javascript";
}

/// What a link's fragment names, without what is for text search alone; empty if it is the top of any page, or longer than any name.
/// Source: HTML, 7.4.6.4 (find a potential indicated element); URL Fragment Text Directives, 3.2.
std::string place_named_by(const hocket::url& link) {
  const std::string_view fragment = link.fragment();
  const std::string_view place = fragment.substr(0, fragment.find(":~:"));
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  if (std::ranges::equal(place, std::string_view("top"), {}, lower)) return {};
  return place.size() > 3 * element_collector::max_anchor_bytes ? std::string() : std::string(place);
}

bool is_http(const hocket::url& link) { return link.scheme() == "http" || link.scheme() == "https"; }

}  // namespace

/// Makes URLs of what stands on a page: by its base, and in its encoding.
class page_links::page_urls {
 public:
  page_urls(const hocket::url& document, encoding of_page, std::optional<std::string_view> base_href)
      : own_bytes_(document.href().size()), is_utf_8_(of_page == encoding::utf_8), encoder_(of_page), base_(document) {
    if (!base_href) return;
    if (auto declared = resolve(*base_href); declared && may_be_base(*declared)) base_ = std::move(*declared);
  }

  /// Without credentials.
  [[nodiscard]] std::expected<hocket::url, url_error> resolve(std::string_view href) const {
    auto resolved = is_utf_8_ ? hocket::url::parse(href, base_) : hocket::url::parse(href, base_, encoder_);
    if (resolved && resolved->has_credentials()) resolved = without_credentials(std::move(*resolved));
    return resolved;
  }
  /// Of the URL of the page itself.
  [[nodiscard]] std::size_t own_bytes() const noexcept { return own_bytes_; }

 private:
  std::size_t own_bytes_;
  bool is_utf_8_;
  page_query_encoder encoder_;
  hocket::url base_;
};

void page_links::begin(std::string_view charset) {
  extractor_.reset();
  charset_ = charset;
  has_begun_ = false;
  read_ = 0;
  beginning_.clear();
  encoding_.reset();
  decoder_.reset();
  hrefs_.clear();
  nofollow_.clear();
  if (collector_) collector_->clear();
}

void page_links::feed(std::string_view bytes) {
  read_ += bytes.size();
  if (has_begun_) return take(bytes);
  if (!beginning_.empty() || bytes.size() < declaration_bytes) {
    beginning_.append(bytes);
    if (beginning_.size() < declaration_bytes) return;
    bytes = beginning_;
  }
  look_for_declaration(bytes);
  take(bytes);
}

void page_links::look_for_declaration(std::string_view beginning) {
  has_begun_ = true;
  auto found = encoding_of_byte_order_mark(beginning);
  if (!found) found = encoding_for_label(charset_);
  if (!found) found = declared_encoding(beginning);
  if (found) use(*found);
}

void page_links::use(encoding which) {
  encoding_ = which;
  if (which != encoding::utf_8) decoder_.emplace(which);
}

void page_links::take(std::string_view bytes) {
  if (!encoding_ && leading_ascii(bytes) < bytes.size()) use(guess_encoding(bytes).value_or(encoding::windows_1252));
  if (!decoder_) return extract(bytes);
  decoded_.clear();
  decoder_->decode(bytes, decoded_);
  extract(decoded_);
}

void page_links::extract(std::string_view text) {
  while (const auto link = extractor_.next(text)) {
    const auto [number, is_new] = hrefs_.insert(link->href);
    if (is_new)
      nofollow_.push_back(link->nofollow);
    else if (!link->nofollow)
      nofollow_[number] = false;
  }
}

std::size_t page_links::held_bytes() const noexcept {
  return hrefs_.held_bytes() + known_links_.held_bytes() + links_.capacity() * sizeof(page_link) + decoded_.capacity() +
         (collector_ ? collector_->held_bytes() : 0);
}

bool page_links::has_room_for(std::size_t bytes) noexcept {
  is_cut_off_ |= bytes > room_;
  if (!is_cut_off_) room_ -= bytes;
  return !is_cut_off_;
}

std::vector<page_link>& page_links::finish(const hocket::url& document) {
  if (!has_begun_) {
    look_for_declaration(beginning_);
    take(beginning_);
  }
  room_ = std::min(max_found_bytes, std::size_t{1024} * 1024 + 32 * read_);
  is_cut_off_ = false;
  const page_urls urls(document, encoding_.value_or(encoding::windows_1252), extractor_.base_href());
  finish_links(urls);
  finish_declarations(urls);
  if (collector_) finish_elements(urls);
  return links_;
}

// With the places behind them, if these are wanted.
void page_links::finish_links(const page_urls& urls) {
  known_links_.clear();
  links_.clear();
  elements_ = {};
  if (collector_) elements_.wanted = collector_->wanted();
  for (std::size_t href = 0; href < hrefs_.size(); ++href) {
    auto resolved = urls.resolve(hrefs_[href]);
    if (!resolved || !is_http(*resolved)) continue;
    if (!has_room_for(urls.own_bytes() + resolved->href().size())) break;
    std::string place = elements_.wanted.fragments ? place_named_by(*resolved) : std::string();
    hocket::url link = std::move(*resolved).without_fragment();
    if (!place.empty()) elements_.fragment_links.push_back({link.href(), std::move(place)});
    const auto [number, is_new] = known_links_.insert(link.href());
    if (is_new)
      links_.push_back({std::move(link), nofollow_[href]});
    else
      links_[number].nofollow &= nofollow_[href];
  }
}

void page_links::finish_declarations(const page_urls& urls) {
  const link_extractor::declarations& declared = extractor_.declared();
  const auto absolute = [&urls](std::string_view href) {
    auto resolved = urls.resolve(href);
    return resolved && is_http(*resolved) ? resolved->href() : std::string();
  };
  declared_ = {};
  declared_.robots.add(declared.robots);
  if (declared.canonical) declared_.canonical = absolute(*declared.canonical);
  for (const auto& each : declared.alternates)
    if (std::string href = absolute(each.href); !href.empty() && has_room_for(each.hreflang.size() + href.size()))
      declared_.alternates.push_back({each.hreflang, std::move(href)});
}

void page_links::finish_elements(const page_urls& urls) {
  auto anchors = collector_->anchors();
  if (has_room_for(urls.own_bytes() * anchors.size())) elements_.anchors = std::move(anchors);
  for (std::size_t n = 0; n < collector_->resources(); ++n)
    if (auto url = urls.resolve(collector_->url(n));
        url && is_http(*url) && has_room_for(urls.own_bytes() + url->href().size()))
      elements_.resources.push_back({std::move(*url).without_fragment().href(), collector_->kind(n)});
  keep_distinct(elements_);
}

}  // namespace hocket::crawl
