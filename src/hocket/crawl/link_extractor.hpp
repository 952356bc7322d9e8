#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/detail/tag_attributes.hpp>
#include <hocket/crawl/element_observer.hpp>

namespace hocket::crawl {

/// Finds the links of an HTML document while its bytes arrive, without a tree and without keeping the page.
///
///     link_extractor extractor;
///     while (read(body, piece)) {
///       std::string_view bytes = piece;
///       while (auto link = extractor.next(bytes)) found(link->href, link->nofollow);
///     }
///
/// It walks the states of the standard's tokenizer as a browser without scripting does: comments, doctypes, raw text
/// (`script` with its escapes, `style`, `textarea`, ...), quotes, duplicate attributes and character references all
/// count, so markup that only looks like a link is none. How the document is cut into pieces changes nothing. A tag
/// that the end of the document leaves unfinished is no tag, so there is no last call to make.
///
/// Bytes are taken as any encoding that agrees with ASCII and passed through; only what character references stand for
/// is written as UTF-8. So a document that is neither UTF-8 nor ASCII is best converted first, as `page_links` does it;
/// one in UTF-16 or ISO-2022-JP must be.
///
/// What needs a tree is left out: a link inside `template`, or one that a `select` would swallow, is found; CDATA
/// sections are comments even within SVG and MathML, whose `style`, `title` and the like count as HTML's unless they
/// close themselves.
///
/// Takes linear time. Allocates only to keep a value that spans pieces or holds references, and reuses that storage.
/// Belongs to one task at a time.
/// Source: HTML, 13.2.5 (tokenization), 4.2.3 (base).
class link_extractor {
 public:
  /// The longest attribute value that is kept, in bytes of its source text; a longer one counts as absent.
  static constexpr std::size_t max_value_bytes = detail::tag_attributes::max_value_bytes;
  /// As much of a `style` element is looked at for URLs.
  static constexpr std::size_t max_style_bytes = 1024 * 1024;

  /// `observer` is told of all else that refers to something; it must outlive the extractor. Then each tag is read, which takes two
  /// thirds longer. `robot` is a name under which pages may speak to the crawler besides "robots"; empty: none.
  explicit link_extractor(element_observer* observer = nullptr, std::string robot = {}) noexcept
      : observer_(observer), robot_(std::move(robot)), attributes_(observer != nullptr) {}

  /// The start tag of an `a` or `area` that has an `href`.
  struct link {
    std::string_view href;  // the attribute's value; neither stripped of spaces nor resolved
    bool nofollow;          // `rel` has the token `nofollow`
  };

  /// The same document elsewhere, in another language: `<link rel=alternate hreflang=... href=...>`.
  struct alternate {
    std::string hreflang;
    std::string href;
  };

  /// What the document says about itself. At most `max_alternates` of its alternates are kept.
  struct declarations {
    std::string robots;  // the contents of `<meta name=robots>` and those for `robot`, joined by commas
    std::optional<std::string> canonical;  // `href` of the first `<link rel=canonical>`
    std::vector<alternate> alternates;
  };
  static constexpr std::size_t max_alternates = 256;

  /// Takes bytes from the front of `bytes` up to the end of the next link, or all of them if no further link ends
  /// there. The link's text lies in the caller's bytes or in the extractor, and is valid until the next call.
  [[nodiscard]] std::optional<link> next(std::string_view& bytes);

  /// The `href` of the first `base` that had one, so far. It holds for the whole document, for links before it too.
  [[nodiscard]] std::optional<std::string_view> base_href() const noexcept;

  /// What was declared so far.
  [[nodiscard]] const declarations& declared() const noexcept { return declared_; }

  /// Begins a new document. Storage is kept.
  void reset() noexcept;

 private:
  // The tokenizer's states, as far as the standard's distinctions matter to links.
  enum class state : std::uint8_t {
    text,
    tag_open,
    end_tag_open,
    tag_name,
    before_attribute_name,  // and after a quoted value
    attribute_name,
    after_attribute_name,
    before_value,
    double_quoted_value,
    single_quoted_value,
    unquoted_value,
    self_closing,
    after_tag,  // its closing bracket was read; what it means is not settled yet
    declaration_open,
    declaration_dash,
    bogus_comment,  // what the first `>` ends: `<?...>`, `</ ...>`, `<!...>`, doctypes too
    comment_start,
    comment_start_dash,
    comment,
    comment_end_dash,
    comment_end,
    comment_end_bang,
    raw_text,  // of `script`, `style`, `title` and so on
    raw_less_than,
    raw_end_tag_name,
    script_escape_start,
    script_escape_start_dash,
    script_escape_name,
    plaintext,
  };

  // A script may hold `<!-- <script> ... </script> -->`, whose end tag does not end it.
  enum class script_escape : std::uint8_t { none, escaped, double_escaped };

  enum class tag_kind : std::uint8_t { other, link, base, meta, document_link, raw_text, plaintext, foreign };

  static tag_kind kind_of(std::uint64_t name);
  static const char* pass_plain_tag(const char* at, const char* end);
  static const char* pass_bare_tag(const char* at, const char* end);
  static state after_comment_character(state before, char character);

  const char* scan(const char* at, const char* end);
  const char* scan_text(const char* at, const char* end);
  template <const char* (*Pass)(const char*, const char*)>
  const char* scan_text_by(const char* at, const char* end);
  const char* take_plain_tag(const char* at, const char* end);
  const char* take_plain_attribute(const char* at, const char* end);
  const char* scan_tag_open(const char* at);
  const char* scan_tag_name(const char* at, const char* end);
  const char* scan_between_attributes(const char* at, const char* end);
  const char* scan_attribute_name(const char* at, const char* end);
  const char* scan_before_value(const char* at, const char* end);
  const char* scan_value(const char* at, const char* end);
  const char* scan_declaration(const char* at, const char* end);
  const char* scan_comment(const char* at, const char* end);
  const char* scan_raw_text(const char* at, const char* end);
  const char* scan_raw_markup(const char* at);
  const char* scan_raw_name(const char* at, const char* end);

  void begin_tag(bool is_end_tag);
  void end_tag();
  void note_base();
  void note_meta();
  void note_document_link();
  const char* taken_for_style(const char* from, const char* to);
  void end_style();
  [[nodiscard]] bool is_in_tag() const noexcept;
  [[nodiscard]] bool has_link() const noexcept;
  [[nodiscard]] link current_link();

  element_observer* observer_;
  std::string robot_;
  state state_ = state::text;
  tag_kind kind_ = tag_kind::other;
  bool is_end_tag_ = false;
  bool is_self_closing_ = false;
  script_escape escape_ = script_escape::none;
  std::uint8_t dashes_ = 0;        // at the end of what was read of an escaped script; two stand for more
  std::uint64_t name_ = 0;         // packed, of the tag or attribute at hand
  std::uint64_t tag_name_ = 0;     // packed, of the last tag outside raw text; its end tag is what ends raw text
  std::size_t foreign_depth_ = 0;  // of `svg` and `math`, as far as their tags are balanced
  detail::tag_attributes attributes_;
  std::optional<std::string> base_href_;
  declarations declared_;
  bool is_in_style_ = false;  // whose text the observer wants
  std::string style_;
};

}  // namespace hocket::crawl
