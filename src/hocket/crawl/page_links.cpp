// Most pages are UTF-8 or ASCII. They go to the link extractor as they come; only their first 1024 bytes are held back, if
// they come in smaller pieces, and searched for a declaration. All others are decoded piece by piece.

#include <hocket/base/utf8.hpp>
#include <hocket/crawl/page_links.hpp>
#include <hocket/text/text_encoder.hpp>

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

/// `data:` and `javascript:` are the base of nothing.
/// Source: HTML, 4.2.3 "set the frozen base URL".
bool may_be_base(const hocket::url& declared) {
  return declared.scheme() != "data" && declared.scheme() != "javascript";
}

bool is_http(const hocket::url& link) { return link.scheme() == "http" || link.scheme() == "https"; }

}  // namespace

void page_links::begin(std::string_view charset) {
  extractor_.reset();
  charset_ = charset;
  has_begun_ = false;
  beginning_.clear();
  encoding_.reset();
  decoder_.reset();
  hrefs_.clear();
  nofollow_.clear();
}

void page_links::feed(std::string_view bytes) {
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

std::vector<page_link>& page_links::finish(const hocket::url& document) {
  if (!has_begun_) {
    look_for_declaration(beginning_);
    take(beginning_);
  }
  known_links_.clear();
  links_.clear();
  const page_query_encoder encoder(encoding_.value_or(encoding::windows_1252));
  const auto resolve = [&](std::string_view href, const hocket::url& base) {
    if (encoding_ == encoding::utf_8) return hocket::url::parse(href, base);
    return hocket::url::parse(href, base, encoder);
  };
  const auto base_href = extractor_.base_href();
  auto base = base_href ? resolve(*base_href, document) : document;
  if (!base || !may_be_base(*base)) base = document;
  for (std::size_t href = 0; href < hrefs_.size(); ++href) {
    auto resolved = resolve(hrefs_[href], *base);
    if (!resolved || !is_http(*resolved)) continue;
    hocket::url link = std::move(*resolved).without_fragment();
    const auto [number, is_new] = known_links_.insert(link.href());
    if (is_new)
      links_.push_back({std::move(link), nofollow_[href]});
    else
      links_[number].nofollow &= nofollow_[href];
  }
  const link_extractor::declarations& declared = extractor_.declared();
  const auto absolute = [&](std::string_view href) {
    auto resolved = resolve(href, *base);
    return resolved && is_http(*resolved) ? resolved->href() : std::string();
  };
  declared_ = {};
  declared_.robots.add(declared.robots);
  if (declared.canonical) declared_.canonical = absolute(*declared.canonical);
  for (const auto& each : declared.alternates)
    if (std::string href = absolute(each.href); !href.empty())
      declared_.alternates.push_back({each.hreflang, std::move(href)});
  return links_;
}

}  // namespace hocket::crawl
