#include <hocket/base/printable.hpp>
#include <hocket/base/utf8.hpp>

namespace hocket {

static bool is_harmless(char32_t character) {
  const bool is_control = character < 0x20 || (character >= 0x7f && character <= 0x9f);
  const bool is_separator = character == 0x2028 || character == 0x2029;
  const bool turns_text = character == 0x061c || (character >= 0x200e && character <= 0x200f) ||
                          (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
  return !is_control && !is_separator && !turns_text && character != 0xfeff;
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const utf8_character first = leading_utf8(text);
    append_utf8(shown, is_harmless(first.value) ? first.value : replacement_character);
    text.remove_prefix(first.size);
  }
  return shown;
}

}  // namespace hocket
