#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/crawl/link_extractor.hpp>

namespace hocket::testing {

/// All that a link extractor tells about a document.
struct found_links {
  std::vector<std::string> hrefs;
  std::vector<bool> nofollow;  // of each
  std::optional<std::string> base;

  bool operator==(const found_links&) const = default;

  friend std::ostream& operator<<(std::ostream& out, const found_links& found) {
    for (std::size_t n = 0; n < found.hrefs.size(); ++n) {
      out << '[' << found.hrefs[n] << (found.nofollow[n] ? "] nofollow " : "] ");
    }
    return out << "base=" << found.base.value_or("-");
  }
};

/// Feeds a document to an extractor piece by piece. Each piece has memory of its own, which is gone before the next
/// one, so that a sanitizer sees an extractor that reads beyond a piece or holds on to one.
class piecewise_extraction {
 public:
  void feed(std::string_view piece) {
    const auto memory = std::make_unique<char[]>(piece.size());
    std::ranges::copy(piece, memory.get());
    std::string_view bytes{memory.get(), piece.size()};
    while (const auto link = extractor_.next(bytes)) {
      found_.hrefs.emplace_back(link->href);
      found_.nofollow.push_back(link->nofollow);
    }
  }

  [[nodiscard]] found_links end() && {
    if (const auto base = extractor_.base_href()) found_.base.emplace(*base);
    return std::move(found_);
  }

 private:
  crawl::link_extractor extractor_;
  found_links found_;
};

/// What is found when the document comes in pieces of so many bytes, the last one perhaps shorter.
inline found_links extract(std::string_view html, std::size_t piece_size = std::string_view::npos) {
  piecewise_extraction extraction;
  while (!html.empty()) {
    extraction.feed(html.substr(0, piece_size));
    html.remove_prefix(std::min(piece_size, html.size()));
  }
  return std::move(extraction).end();
}

/// What is found when the document comes in two pieces.
inline found_links extract_cut_at(std::string_view html, std::size_t cut) {
  piecewise_extraction extraction;
  extraction.feed(html.substr(0, cut));
  extraction.feed(html.substr(cut));
  return std::move(extraction).end();
}

/// A place where a cut changes what is found, or the size of the document if cutting it into single bytes does.
inline std::optional<std::size_t> cut_that_matters(std::string_view html) {
  const found_links whole = extract(html);
  if (extract(html, 1) != whole) return html.size();
  for (std::size_t cut = 1; cut < html.size(); ++cut) {
    if (extract_cut_at(html, cut) != whole) return cut;
  }
  return std::nullopt;
}

}  // namespace hocket::testing
