// The standard's decoders, turned inside out: each looks at the bytes in front of it and says which character they are and
// how many bytes it took, or that it needs more. What is not complete yet is kept for the next piece, so pieces change
// nothing. An error takes the bytes that the standard takes; an ASCII byte that cannot be part of a character is never
// taken, so that no markup is swallowed.
//
// Runs of ASCII, most of a page in any encoding, are copied without a look at the single byte.

#include <utility>

#include <hocket/base/utf8.hpp>
#include <hocket/text/detail/character_index.hpp>
#include <hocket/text/detect_encoding.hpp>
#include <hocket/text/text_decoder.hpp>

namespace hocket {

using detail::character_index;

/// What stands at the front.
struct text_decoder::step {
  /// No character: an escape sequence, or no second one.
  static constexpr char32_t nothing = 0xffffffff;
  /// Bytes that mean nothing.
  static constexpr char32_t error = 0xfffffffe;

  std::size_t size;  // 0: more bytes are needed
  char32_t character = error;
  char32_t second = nothing;  // of the pairs that Big5 has
};

namespace {

unsigned at(std::string_view bytes, std::size_t place) { return static_cast<unsigned char>(bytes[place]); }

bool is_between(unsigned byte, unsigned first, unsigned last) { return byte >= first && byte <= last; }

/// How many bytes an error behind a lead byte takes.
std::size_t error_size(unsigned trail) { return trail < 0x80 ? 1 : 2; }

constexpr unsigned escape = 0x1b;

}  // namespace

text_decoder::text_decoder(encoding from) : encoding_(from) {
  is_ascii_based_ = from != encoding::utf_16be && from != encoding::utf_16le && from != encoding::iso_2022_jp &&
                    from != encoding::replacement;
  switch (from) {
    case encoding::utf_8:
    case encoding::utf_16be:
    case encoding::utf_16le:
    case encoding::replacement:
    case encoding::x_user_defined:
      return;
    case encoding::gbk:
    case encoding::gb18030:
      characters_ = &detail::gb18030_characters();
      more_characters_ = &detail::gb18030_ranges();
      return;
    case encoding::big5:
      characters_ = &detail::big5_characters();
      return;
    case encoding::euc_jp:
      characters_ = &detail::jis0208_characters();
      more_characters_ = &detail::jis0212_characters();
      return;
    case encoding::iso_2022_jp:
    case encoding::shift_jis:
      characters_ = &detail::jis0208_characters();
      return;
    case encoding::euc_kr:
      characters_ = &detail::euc_kr_characters();
      return;
    default:
      characters_ = &detail::single_byte_characters(from);
  }
}

void text_decoder::decode(std::string_view bytes, std::string& text) {
  if (kept_.empty()) return run(bytes, false, text);
  const std::string joined = std::exchange(kept_, {}).append(bytes);
  run(joined, false, text);
}

void text_decoder::finish(std::string& text) {
  run(std::exchange(kept_, {}), true, text);
  at_start_ = true;
  mode_ = jis_mode::ascii;
  mode_unused_ = has_replaced_ = false;
}

void text_decoder::run(std::string_view bytes, bool is_end, std::string& text) {
  while (!bytes.empty()) {
    if (is_ascii_based_) {
      const auto plain = leading_ascii(bytes);
      text.append(bytes, 0, plain);
      bytes.remove_prefix(plain);
      at_start_ = at_start_ && plain == 0;
      if (bytes.empty()) return;
    }
    const step found = next(bytes, is_end);
    if (found.size == 0) {
      kept_.assign(bytes);
      return;
    }
    bytes.remove_prefix(found.size);
    append(found.character, text);
    append(found.second, text);
  }
}

void text_decoder::append(char32_t character, std::string& text) {
  constexpr char32_t byte_order_mark = 0xfeff;
  if (character == step::nothing) return;
  if (character == step::error) {
    ++errors_;
    character = replacement_character;
  }
  const bool may_be_marked =
      encoding_ == encoding::utf_8 || encoding_ == encoding::utf_16be || encoding_ == encoding::utf_16le;
  const bool is_mark = at_start_ && may_be_marked && character == byte_order_mark;
  at_start_ = false;
  if (!is_mark) append_utf8(text, character);
}

text_decoder::step text_decoder::next(std::string_view bytes, bool is_end) {
  switch (encoding_) {
    case encoding::utf_8:
      return next_utf_8(bytes, is_end);
    case encoding::utf_16be:
    case encoding::utf_16le:
      return next_utf_16(bytes, is_end);
    case encoding::gbk:
    case encoding::gb18030:
      return next_gb18030(bytes, is_end);
    case encoding::big5:
      return next_big5(bytes, is_end);
    case encoding::euc_kr:
      return next_euc_kr(bytes, is_end);
    case encoding::shift_jis:
      return next_shift_jis(bytes, is_end);
    case encoding::euc_jp:
      return next_euc_jp(bytes, is_end);
    case encoding::iso_2022_jp:
      return next_iso_2022_jp(bytes, is_end);
    case encoding::x_user_defined:
      return {1, 0xf780 + at(bytes, 0) - 0x80};
    case encoding::replacement:
      return {bytes.size(), std::exchange(has_replaced_, true) ? step::nothing : step::error};
    default:
      return next_single_byte(bytes);
  }
}

text_decoder::step text_decoder::next_utf_8(std::string_view bytes, bool is_end) const {
  const auto found = leading_utf8(bytes);
  if (found.is_cut && !is_end) return {0};
  return {found.size, found.is_valid ? found.value : step::error};
}

text_decoder::step text_decoder::next_utf_16(std::string_view bytes, bool is_end) const {
  const auto unit = [&](std::size_t place) {
    const unsigned first = at(bytes, place);
    const unsigned second = at(bytes, place + 1);
    return encoding_ == encoding::utf_16be ? first << 8 | second : second << 8 | first;
  };
  const step rest = is_end ? step{bytes.size()} : step{0};
  if (bytes.size() < 2) return rest;
  const unsigned first = unit(0);
  if (!is_between(first, 0xd800, 0xdfff)) return {2, first};
  if (first >= 0xdc00) return {2};
  if (bytes.size() < 4) return rest;
  const unsigned second = unit(2);
  if (!is_between(second, 0xdc00, 0xdfff)) return {2};
  return {4, 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)};
}

text_decoder::step text_decoder::next_single_byte(std::string_view bytes) const {
  const char32_t character = (*characters_)[at(bytes, 0) - 0x80];
  if (character == character_index::none) return {1};
  return {1, character};
}

// GBK is read as what came after it.
text_decoder::step text_decoder::next_gb18030(std::string_view bytes, bool is_end) const {
  const step rest = is_end ? step{bytes.size()} : step{0};
  const unsigned first = at(bytes, 0);
  if (first == 0x80) return {1, U'\u20ac'};
  if (first == 0xff) return {1};
  if (bytes.size() < 2) return rest;
  const unsigned second = at(bytes, 1);
  if (is_between(second, '0', '9')) {
    if (bytes.size() < 3) return rest;
    const unsigned third = at(bytes, 2);
    if (!is_between(third, 0x81, 0xfe)) return {1};
    if (bytes.size() < 4) return rest;
    const unsigned fourth = at(bytes, 3);
    if (!is_between(fourth, '0', '9')) return {1};
    const std::size_t pointer = ((first - 0x81) * 10 + second - '0') * 1260 + (third - 0x81) * 10 + fourth - '0';
    constexpr std::size_t supplementary = 189000;  // the pointer of U+10000
    if (pointer >= supplementary && pointer - supplementary < 0x100000)
      return {4, static_cast<char32_t>(0x10000 + pointer - supplementary)};
    const char32_t character = (*more_characters_)[pointer];
    if (character == character_index::none) return {4};
    return {4, character};
  }
  char32_t character = character_index::none;
  if (is_between(second, 0x40, 0x7e) || is_between(second, 0x80, 0xfe))
    character = (*characters_)[(first - 0x81) * 190 + second - (second < 0x7f ? 0x40 : 0x41)];
  if (character == character_index::none) return {error_size(second)};
  return {2, character};
}

text_decoder::step text_decoder::next_big5(std::string_view bytes, bool is_end) const {
  const unsigned lead = at(bytes, 0);
  if (!is_between(lead, 0x81, 0xfe)) return {1};
  if (bytes.size() < 2) return {is_end ? 1U : 0U};
  const unsigned trail = at(bytes, 1);
  if (!is_between(trail, 0x40, 0x7e) && !is_between(trail, 0xa1, 0xfe)) return {error_size(trail)};
  const std::size_t pointer = (lead - 0x81) * 157 + trail - (trail < 0x7f ? 0x40 : 0x62);
  switch (pointer) {
    case 1133:
      return {2, U'\u00ca', U'\u0304'};
    case 1135:
      return {2, U'\u00ca', U'\u030c'};
    case 1164:
      return {2, U'\u00ea', U'\u0304'};
    case 1166:
      return {2, U'\u00ea', U'\u030c'};
    default:
      break;
  }
  const char32_t character = (*characters_)[pointer];
  if (character == character_index::none) return {error_size(trail)};
  return {2, character};
}

text_decoder::step text_decoder::next_euc_kr(std::string_view bytes, bool is_end) const {
  const unsigned lead = at(bytes, 0);
  if (!is_between(lead, 0x81, 0xfe)) return {1};
  if (bytes.size() < 2) return {is_end ? 1U : 0U};
  const unsigned trail = at(bytes, 1);
  char32_t character = character_index::none;
  if (is_between(trail, 0x41, 0xfe)) character = (*characters_)[(lead - 0x81) * 190 + trail - 0x41];
  if (character == character_index::none) return {error_size(trail)};
  return {2, character};
}

text_decoder::step text_decoder::next_shift_jis(std::string_view bytes, bool is_end) const {
  const unsigned lead = at(bytes, 0);
  if (lead == 0x80) return {1, 0x80};
  if (is_between(lead, 0xa1, 0xdf)) return {1, 0xff61 + lead - 0xa1};
  if (!is_between(lead, 0x81, 0x9f) && !is_between(lead, 0xe0, 0xfc)) return {1};
  if (bytes.size() < 2) return {is_end ? 1U : 0U};
  const unsigned trail = at(bytes, 1);
  if (!is_between(trail, 0x40, 0x7e) && !is_between(trail, 0x80, 0xfc)) return {error_size(trail)};
  const std::size_t pointer = (lead - (lead < 0xa0 ? 0x81 : 0xc1)) * 188 + trail - (trail < 0x7f ? 0x40 : 0x41);
  constexpr std::size_t first_private = 8836;
  constexpr std::size_t last_private = 10715;
  if (pointer >= first_private && pointer <= last_private)
    return {2, static_cast<char32_t>(0xe000 + pointer - first_private)};
  const char32_t character = (*characters_)[pointer];
  if (character == character_index::none) return {error_size(trail)};
  return {2, character};
}

text_decoder::step text_decoder::next_euc_jp(std::string_view bytes, bool is_end) const {
  const step rest = is_end ? step{bytes.size()} : step{0};
  const unsigned first = at(bytes, 0);
  constexpr unsigned katakana = 0x8e;
  constexpr unsigned jis0212 = 0x8f;
  if (first != katakana && first != jis0212 && !is_between(first, 0xa1, 0xfe)) return {1};
  if (bytes.size() < 2) return rest;
  const unsigned second = at(bytes, 1);
  if (first == katakana && is_between(second, 0xa1, 0xdf)) return {2, 0xff61 + second - 0xa1};
  const bool is_long = first == jis0212 && is_between(second, 0xa1, 0xfe);
  if (is_long && bytes.size() < 3) return rest;
  const unsigned lead = is_long ? second : first;
  const unsigned trail = is_long ? at(bytes, 2) : second;
  const std::size_t before = is_long ? 1 : 0;
  char32_t character = character_index::none;
  if (is_between(lead, 0xa1, 0xfe) && is_between(trail, 0xa1, 0xfe))
    character = (is_long ? *more_characters_ : *characters_)[(lead - 0xa1) * 94 + trail - 0xa1];
  if (character == character_index::none) return {before + error_size(trail)};
  return {before + 2, character};
}

text_decoder::step text_decoder::next_iso_2022_jp(std::string_view bytes, bool is_end) {
  const unsigned first = at(bytes, 0);
  if (first == escape) return escape_iso_2022_jp(bytes, is_end);
  mode_unused_ = false;
  switch (mode_) {
    case jis_mode::ascii:
    case jis_mode::roman:
      if (first == 0x0e || first == 0x0f || first >= 0x80) return {1};
      if (mode_ == jis_mode::roman && first == '\\') return {1, U'\u00a5'};
      if (mode_ == jis_mode::roman && first == '~') return {1, U'\u203e'};
      return {1, first};
    case jis_mode::katakana:
      if (!is_between(first, 0x21, 0x5f)) return {1};
      return {1, 0xff61 + first - 0x21};
    case jis_mode::jis0208:
      break;
  }
  if (!is_between(first, 0x21, 0x7e)) return {1};
  if (bytes.size() < 2) return {is_end ? 1U : 0U};
  const unsigned second = at(bytes, 1);
  if (second == escape) return {1};
  if (!is_between(second, 0x21, 0x7e)) return {2};
  const char32_t character = (*characters_)[(first - 0x21) * 94 + second - 0x21];
  if (character == character_index::none) return {2};
  return {2, character};
}

/// Two escape sequences with nothing between them are an error.
text_decoder::step text_decoder::escape_iso_2022_jp(std::string_view bytes, bool is_end) {
  const auto switched_to = [this](jis_mode mode) -> step {
    mode_ = mode;
    return {3, std::exchange(mode_unused_, true) ? step::error : step::nothing};
  };
  const unsigned second = bytes.size() < 2 ? 0 : at(bytes, 1);
  const bool may_go_on = bytes.size() < 2 || (bytes.size() < 3 && (second == '$' || second == '('));
  if (may_go_on && !is_end) return {0};
  if (bytes.size() >= 3) {
    const unsigned third = at(bytes, 2);
    if (second == '(' && third == 'B') return switched_to(jis_mode::ascii);
    if (second == '(' && third == 'J') return switched_to(jis_mode::roman);
    if (second == '(' && third == 'I') return switched_to(jis_mode::katakana);
    if (second == '$' && (third == '@' || third == 'B')) return switched_to(jis_mode::jis0208);
  }
  mode_unused_ = false;
  return {1};
}

std::string decode(std::string_view bytes, encoding fallback) {
  text_decoder decoder(encoding_of_byte_order_mark(bytes).value_or(fallback));
  std::string text;
  text.reserve(bytes.size());
  decoder.decode(bytes, text);
  decoder.finish(text);
  return text;
}

}  // namespace hocket
