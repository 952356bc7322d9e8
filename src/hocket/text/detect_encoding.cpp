// The sniffing of HTML: a mark, what the sender says, a declaration, a guess, in this order.
//
// The search for a declaration is the standard's, which knows nothing but tags and comments: a `meta` within a script
// counts, and an attribute is read as the tokenizer does it. It never looks beyond 1024 bytes, so it is bounded, and not
// into tags at all where no "charset" is, as on most pages whose encoding is in their Content-Type.

#include <algorithm>
#include <bit>
#include <memory>
#include <string_view>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <uchardet/uchardet.h>

#include <hocket/base/utf8.hpp>
#include <hocket/text/detect_encoding.hpp>

namespace hocket {
namespace {

using namespace std::string_view_literals;

bool is_space(char byte) { return byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r' || byte == ' '; }
bool is_letter(char byte) { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }
char to_lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte; }

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::ranges::equal(text.substr(0, lower_case.size()), lower_case, {}, to_lower);
}

bool equals_ignoring_case(std::string_view text, std::string_view other) {
  return std::ranges::equal(text, other, {}, to_lower, to_lower);
}

/// True if "charset" stands somewhere in `text`, in any case. Without it no `meta` declares anything.
bool mentions_charset(std::string_view text) {
  constexpr std::string_view word = "charset";
  std::size_t at = 0;
#if defined(__SSE2__)
  const __m128i lower = _mm_set1_epi8(0x20);
  for (; at + 17 <= text.size(); at += 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at + 1));
    const __m128i hits =
        _mm_cmpeq_epi8(here | lower, _mm_set1_epi8('c')) & _mm_cmpeq_epi8(next | lower, _mm_set1_epi8('h'));
    for (auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits)); mask != 0; mask &= mask - 1) {
      if (starts_with_ignoring_case(text.substr(at + static_cast<unsigned>(std::countr_zero(mask))), word)) return true;
    }
  }
#endif
  for (; at + word.size() <= text.size(); ++at) {
    if (starts_with_ignoring_case(text.substr(at), word)) return true;
  }
  return false;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
}

/// Takes the front of `text` up to the first byte that `ends`.
template <class Ends>
std::string_view take_until(std::string_view& text, Ends ends) {
  const auto size = static_cast<std::size_t>(std::ranges::find_if(text, ends) - text.begin());
  const auto taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

/// As it is written.
struct attribute {
  std::string_view name;
  std::string_view value;
};

/// Takes the next attribute of a tag from `text`; nothing at the tag's end.
/// Source: HTML, 13.2.3.2 "get an attribute".
std::optional<attribute> take_attribute(std::string_view& text) {
  take_until(text, [](char byte) { return !is_space(byte) && byte != '/'; });
  if (text.empty() || text.front() == '>') return std::nullopt;
  const char* const begin = text.data();
  text.remove_prefix(1);  // an equals sign in front is part of the name
  take_until(text, [](char byte) { return is_space(byte) || byte == '/' || byte == '>' || byte == '='; });
  attribute taken{.name = {begin, text.data()}, .value = {}};
  skip_spaces(text);
  if (!text.starts_with('=')) return taken;
  text.remove_prefix(1);
  skip_spaces(text);
  const char quote = text.empty() ? '\0' : text.front();
  if (quote != '"' && quote != '\'') {
    taken.value = take_until(text, [](char byte) { return is_space(byte) || byte == '>'; });
    return taken;
  }
  text.remove_prefix(1);
  taken.value = text.substr(0, text.find(quote));
  text.remove_prefix(taken.value.size());
  if (text.empty()) return std::nullopt;  // the document's end is no attribute's
  text.remove_prefix(1);
  return taken;
}

/// The encoding in a content type such as "text/html; charset=utf-8".
/// Source: HTML, "extracting a character encoding from a meta element".
std::optional<encoding> encoding_of_content(std::string_view content) {
  constexpr std::string_view keyword = "charset";
  for (; !content.empty(); content.remove_prefix(1)) {
    if (!starts_with_ignoring_case(content, keyword)) continue;
    auto rest = content.substr(keyword.size());
    skip_spaces(rest);
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    skip_spaces(rest);
    if (rest.empty()) return std::nullopt;
    const char quote = rest.front();
    if (quote != '"' && quote != '\'') return encoding_for_label(rest.substr(0, rest.find_first_of("\t\n\f\r ;")));
    const auto close = rest.find(quote, 1);
    return close == rest.npos ? std::nullopt : encoding_for_label(rest.substr(1, close - 1));
  }
  return std::nullopt;
}

/// What a `meta` declares, whose attributes begin at `text`, which is moved behind them.
std::optional<encoding> encoding_of_meta(std::string_view& text) {
  std::vector<std::string_view> seen;
  bool has_pragma = false;
  bool needs_pragma = false;
  std::optional<encoding> declared;
  while (const auto each = take_attribute(text)) {
    const auto is = [name = each->name](std::string_view other) { return equals_ignoring_case(name, other); };
    if (std::ranges::any_of(seen, is)) continue;
    if (is("http-equiv")) {
      has_pragma |= equals_ignoring_case(each->value, "content-type");
    } else if (is("content")) {
      const auto found = encoding_of_content(each->value);
      if (found && !declared) {
        declared = found;
        needs_pragma = true;
      }
    } else if (is("charset")) {
      declared = encoding_for_label(each->value);
      needs_pragma = false;
    }
    seen.push_back(each->name);
  }
  if (!declared || (needs_pragma && !has_pragma)) return std::nullopt;
  // What could be read to here as ASCII is not UTF-16.
  if (*declared == encoding::utf_16be || *declared == encoding::utf_16le) return encoding::utf_8;
  return *declared == encoding::x_user_defined ? encoding::windows_1252 : declared;
}

/// Source: HTML, 13.2.3.2 "get an XML encoding".
std::optional<encoding> encoding_of_xml(std::string_view text) {
  if (!text.starts_with("<?xml")) return std::nullopt;
  text = text.substr(0, text.find('>'));
  const auto found = text.find("encoding");
  if (found == text.npos) return std::nullopt;
  text.remove_prefix(found + "encoding"sv.size());
  const auto skip_controls = [&] {
    while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  };
  skip_controls();
  if (!text.starts_with('=')) return std::nullopt;
  text.remove_prefix(1);
  skip_controls();
  if (!text.starts_with('"') && !text.starts_with('\'')) return std::nullopt;
  const auto close = text.find(text.front(), 1);
  if (close == text.npos) return std::nullopt;
  const auto label = text.substr(1, close - 1);
  if (std::ranges::any_of(label, [](char byte) { return static_cast<unsigned char>(byte) <= ' '; }))
    return std::nullopt;
  const auto declared = encoding_for_label(label);
  const bool is_wide = declared == encoding::utf_16be || declared == encoding::utf_16le;
  return is_wide ? encoding::utf_8 : declared;
}

/// All is UTF-8, but that the last character may be cut.
bool is_utf_8(std::string_view text) {
  for (;;) {
    text.remove_prefix(leading_ascii(text));
    if (text.empty()) return true;
    const auto next = leading_utf8(text);
    if (!next.is_valid) return next.is_cut;
    text.remove_prefix(next.size);
  }
}

}  // namespace

detected_encoding detect_encoding(std::string_view beginning, std::string_view charset, encoding fallback) {
  if (const auto marked = encoding_of_byte_order_mark(beginning)) return {*marked, encoding_source::byte_order_mark};
  if (const auto sent = encoding_for_label(charset)) return {*sent, encoding_source::transport};
  if (const auto declared = declared_encoding(beginning)) return {*declared, encoding_source::declaration};
  if (const auto guessed = guess_encoding(beginning)) return {*guessed, encoding_source::content};
  return {fallback, encoding_source::fallback};
}

std::optional<encoding> encoding_of_byte_order_mark(std::string_view beginning) noexcept {
  if (beginning.starts_with("\xef\xbb\xbf")) return encoding::utf_8;
  if (beginning.starts_with("\xfe\xff")) return encoding::utf_16be;
  if (beginning.starts_with("\xff\xfe")) return encoding::utf_16le;
  return std::nullopt;
}

std::optional<encoding> declared_encoding(std::string_view beginning) {
  const auto whole = beginning.substr(0, declaration_bytes);
  if (whole.starts_with("<\0?\0x\0"sv)) return encoding::utf_16le;
  if (whole.starts_with("\0<\0?\0x"sv)) return encoding::utf_16be;
  if (!mentions_charset(whole)) return encoding_of_xml(whole);
  auto text = whole;
  for (;;) {
    text.remove_prefix(std::min(text.find('<'), text.size()));
    if (text.empty()) return encoding_of_xml(whole);
    const char after_meta = text.size() > 5 ? text[5] : '\0';
    if (text.starts_with("<!--")) {
      const auto end = text.find("-->", 2);  // the dashes may be those of the beginning
      text.remove_prefix(std::min(end, text.size() - 3) + 3);
    } else if (starts_with_ignoring_case(text, "<meta") && (is_space(after_meta) || after_meta == '/')) {
      text.remove_prefix(6);
      if (const auto declared = encoding_of_meta(text)) return declared;
    } else if (text.size() > 1 && (is_letter(text[1]) || (text[1] == '/' && text.size() > 2 && is_letter(text[2])))) {
      take_until(text, [](char byte) { return is_space(byte) || byte == '>'; });
      while (take_attribute(text)) {
      }
    } else if (text.starts_with("<!") || text.starts_with("</") || text.starts_with("<?")) {
      text.remove_prefix(std::min(text.find('>'), text.size()));
    } else {
      text.remove_prefix(1);
    }
  }
}

std::optional<encoding> guess_encoding(std::string_view bytes) {
  if (leading_ascii(bytes) == bytes.size()) return std::nullopt;
  if (is_utf_8(bytes)) return encoding::utf_8;
  const std::unique_ptr<uchardet, decltype(&uchardet_delete)> detector(uchardet_new(), &uchardet_delete);
  if (uchardet_handle_data(detector.get(), bytes.data(), bytes.size()) != 0) return std::nullopt;
  uchardet_data_end(detector.get());
  const std::string_view name = uchardet_get_charset(detector.get());
  if (name == "UHC") return encoding::euc_kr;
  return encoding_for_label(name);
}

}  // namespace hocket
