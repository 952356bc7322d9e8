#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <hocket/url/url.hpp>

namespace hocket {

/// Reads a sitemap while its bytes arrive, unpacked, and tells of what it names: XML of pages or of other sitemaps, the links of RSS and Atom,
/// or text of one URL a line. Which of these it is shows at its beginning.
///
/// Lenient, as sitemaps of people are: what is no markup is passed over, and what is no http(s) URL left out. Nothing that a document
/// declares is looked at, so there are no entities but XML's own and none from elsewhere. Holds one element at a time.
/// Source: https://www.sitemaps.org/protocol.html
class sitemap_reader {
 public:
  enum class entry : std::uint8_t { page, sitemap };
  /// Told of each URL, without its fragment, in order; those that stand twice twice.
  using sink = std::function<void(entry what, url where)>;

  static constexpr std::uint64_t most_bytes = std::uint64_t{50} * 1024 * 1024;
  static constexpr std::size_t most_entries = 50'000;
  /// A URL that is longer is left out; twice what the protocol allows.
  static constexpr std::size_t most_url_bytes = 4096;

  /// `limit`: how many entries are told at most; the default is the protocol's.
  explicit sitemap_reader(sink tell, std::size_t limit = most_entries) : tell_(std::move(tell)), limit_(limit) {}

  void feed(std::string_view piece);
  /// There is no more.
  void finish();

  /// It has reached one of the limits, and whatever comes is passed over.
  [[nodiscard]] bool is_full() const noexcept { return bytes_ >= most_bytes || entries_ >= limit_; }

 private:
  enum class place : std::uint8_t { beginning, lines, text, markup, comment, verbatim, declaration, tag };

  void take(char c);
  void take_markup(char c);
  void take_tag(char c);
  void end_tag();
  void open(std::string_view name, std::string_view attributes);
  void append(std::string_view text);
  void tell(std::string_view text);

  sink tell_;
  std::size_t limit_;
  place place_ = place::beginning;
  std::string markup_;        // since the `<`, as much as matters
  char quote_ = '\0';         // within a tag: of the value at hand
  unsigned brackets_ = 0;     // within a declaration: of its subset
  std::string root_;          // name of the first element; empty: none yet
  std::string location_;      // name of elements that hold a URL; empty: none do
  bool is_location_ = false;  // within such
  std::string text_;          // its text, or a line, as it is written
  std::uint64_t bytes_ = 0;
  std::size_t entries_ = 0;
};

}  // namespace hocket
