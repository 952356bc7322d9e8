// The standard's encoders: a character's pointer is looked up, and written as bytes. ASCII is written as it is but in
// ISO-2022-JP, where it may need an escape sequence.

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>

#include <hocket/base/utf8.hpp>
#include <hocket/text/detail/character_index.hpp>
#include <hocket/text/text_encoder.hpp>

namespace hocket {
namespace {

void put(std::string& bytes, std::initializer_list<std::uint32_t> values) {
  for (const auto value : values) bytes.push_back(static_cast<char>(value));
}

bool is_between(char32_t character, char32_t first, char32_t last) { return character >= first && character <= last; }

constexpr char32_t first_half_width = 0xff61;  // katakana of one byte
constexpr char32_t last_half_width = 0xff9f;

}  // namespace

text_encoder::text_encoder(encoding to) : encoding_(output_encoding(to)) {
  switch (encoding_) {
    case encoding::utf_8:
    case encoding::x_user_defined:
      return;
    case encoding::gbk:
    case encoding::gb18030:
      pointers_ = &detail::gb18030_pointers();
      if (encoding_ == encoding::gb18030) more_pointers_ = &detail::gb18030_range_pointers();
      return;
    case encoding::big5:
      pointers_ = &detail::big5_pointers();
      return;
    case encoding::euc_jp:
    case encoding::iso_2022_jp:
      pointers_ = &detail::jis0208_pointers();
      return;
    case encoding::shift_jis:
      pointers_ = &detail::shift_jis_pointers();
      return;
    case encoding::euc_kr:
      pointers_ = &detail::euc_kr_pointers();
      return;
    default:
      pointers_ = &detail::single_byte_pointers(encoding_);
  }
}

std::optional<char32_t> text_encoder::encode(std::string_view& text, std::string& bytes) {
  while (!text.empty()) {
    if (encoding_ != encoding::iso_2022_jp) {
      const auto plain = leading_ascii(text);
      bytes.append(text, 0, plain);
      text.remove_prefix(plain);
      if (text.empty()) break;
    }
    const auto next = leading_utf8(text);
    text.remove_prefix(next.size);
    if (append(next.value, bytes)) continue;
    const bool is_shift = encoding_ == encoding::iso_2022_jp && next.value < 0x80;
    return is_shift ? replacement_character : next.value;
  }
  change_mode(jis_mode::ascii, bytes);
  return std::nullopt;
}

bool text_encoder::append(char32_t character, std::string& bytes) {
  switch (encoding_) {
    case encoding::utf_8:
      append_utf8(bytes, character);
      return true;
    case encoding::gbk:
    case encoding::gb18030:
      return append_gb18030(character, bytes);
    case encoding::big5:
      return append_big5(character, bytes);
    case encoding::euc_kr:
      return append_euc_kr(character, bytes);
    case encoding::shift_jis:
      return append_shift_jis(character, bytes);
    case encoding::euc_jp:
      return append_euc_jp(character, bytes);
    case encoding::iso_2022_jp:
      return append_iso_2022_jp(character, bytes);
    case encoding::x_user_defined:
      if (!is_between(character, 0xf780, 0xf7ff)) return false;
      put(bytes, {character - 0xf780 + 0x80});
      return true;
    default:
      break;
  }
  const auto pointer = pointers_->find(character);
  if (pointer) put(bytes, {*pointer + 0x80});
  return pointer.has_value();
}

bool text_encoder::append_gb18030(char32_t character, std::string& bytes) const {
  constexpr char32_t euro = 0x20ac;
  constexpr char32_t read_as_blank = 0xe5e5;
  if (character == read_as_blank) return false;
  if (character == euro && encoding_ == encoding::gbk) {
    put(bytes, {0x80});
    return true;
  }
  if (const auto pointer = pointers_->find(character)) {
    const auto trail = *pointer % 190;
    put(bytes, {*pointer / 190 + 0x81, trail + (trail < 0x3f ? 0x40 : 0x41)});
    return true;
  }
  if (encoding_ == encoding::gbk) return false;
  const auto range = character < 0x10000 ? more_pointers_->find(character) : character - 0x10000 + 189000;
  if (!range) return false;
  put(bytes, {*range / 12600 + 0x81, *range / 1260 % 10 + 0x30, *range / 10 % 126 + 0x81, *range % 10 + 0x30});
  return true;
}

bool text_encoder::append_big5(char32_t character, std::string& bytes) const {
  const auto pointer = pointers_->find(character);
  if (!pointer) return false;
  const auto trail = *pointer % 157;
  put(bytes, {*pointer / 157 + 0x81, trail + (trail < 0x3f ? 0x40 : 0x62)});
  return true;
}

bool text_encoder::append_euc_kr(char32_t character, std::string& bytes) const {
  const auto pointer = pointers_->find(character);
  if (pointer) put(bytes, {*pointer / 190 + 0x81, *pointer % 190 + 0x41});
  return pointer.has_value();
}

bool text_encoder::append_shift_jis(char32_t character, std::string& bytes) const {
  if (character == 0x80) return put(bytes, {0x80}), true;
  if (character == 0xa5) return put(bytes, {'\\'}), true;
  if (character == 0x203e) return put(bytes, {'~'}), true;
  if (is_between(character, first_half_width, last_half_width))
    return put(bytes, {character - first_half_width + 0xa1}), true;
  const auto pointer = pointers_->find(character == 0x2212 ? 0xff0d : character);
  if (!pointer) return false;
  const auto lead = *pointer / 188;
  const auto trail = *pointer % 188;
  put(bytes, {lead + (lead < 0x1f ? 0x81 : 0xc1), trail + (trail < 0x3f ? 0x40 : 0x41)});
  return true;
}

bool text_encoder::append_euc_jp(char32_t character, std::string& bytes) const {
  if (character == 0xa5) return put(bytes, {'\\'}), true;
  if (character == 0x203e) return put(bytes, {'~'}), true;
  if (is_between(character, first_half_width, last_half_width))
    return put(bytes, {0x8e, character - first_half_width + 0xa1}), true;
  const auto pointer = pointers_->find(character == 0x2212 ? 0xff0d : character);
  if (pointer) put(bytes, {*pointer / 94 + 0xa1, *pointer % 94 + 0xa1});
  return pointer.has_value();
}

bool text_encoder::append_iso_2022_jp(char32_t character, std::string& bytes) {
  if (character == 0x0e || character == 0x0f || character == 0x1b) {  // would pass for a change of mode
    if (mode_ == jis_mode::jis0208) change_mode(jis_mode::ascii, bytes);
    return false;
  }
  const bool is_roman_only = character == 0xa5 || character == 0x203e;
  if (is_roman_only || character < 0x80) {
    const bool differs = character == '\\' || character == '~';
    if (is_roman_only) change_mode(jis_mode::roman, bytes);
    if (!is_roman_only && (mode_ == jis_mode::jis0208 || differs)) change_mode(jis_mode::ascii, bytes);
    put(bytes, {character == 0xa5 ? U'\\' : character == 0x203e ? U'~' : character});
    return true;
  }
  constexpr std::u32string_view full_width =  // of U+FF61 to U+FF9F
      U"\u3002\u300c\u300d\u3001\u30fb\u30f2\u30a1\u30a3\u30a5\u30a7\u30a9\u30e3\u30e5\u30e7\u30c3\u30fc"
      U"\u30a2\u30a4\u30a6\u30a8\u30aa\u30ab\u30ad\u30af\u30b1\u30b3\u30b5\u30b7\u30b9\u30bb\u30bd\u30bf"
      U"\u30c1\u30c4\u30c6\u30c8\u30ca\u30cb\u30cc\u30cd\u30ce\u30cf\u30d2\u30d5\u30d8\u30db\u30de\u30df"
      U"\u30e0\u30e1\u30e2\u30e4\u30e6\u30e8\u30e9\u30ea\u30eb\u30ec\u30ed\u30ef\u30f3\u309b\u309c";
  static_assert(full_width.size() == last_half_width - first_half_width + 1);
  if (character == 0x2212) character = 0xff0d;
  if (is_between(character, first_half_width, last_half_width)) character = full_width[character - first_half_width];
  const auto pointer = pointers_->find(character);
  if (!pointer || *pointer >= 94 * 94) {
    if (mode_ == jis_mode::jis0208) change_mode(jis_mode::ascii, bytes);
    return false;
  }
  change_mode(jis_mode::jis0208, bytes);
  put(bytes, {*pointer / 94 + 0x21, *pointer % 94 + 0x21});
  return true;
}

void text_encoder::change_mode(jis_mode wanted, std::string& bytes) {
  if (mode_ == wanted) return;
  mode_ = wanted;
  bytes += wanted == jis_mode::ascii ? "\x1b(B" : wanted == jis_mode::roman ? "\x1b(J" : "\x1b$B";
}

}  // namespace hocket
