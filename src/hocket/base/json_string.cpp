#include <algorithm>

#include <hocket/base/append.hpp>
#include <hocket/base/json_string.hpp>
#include <hocket/base/utf8.hpp>

namespace hocket {

static bool stands_for_itself(char each) noexcept { return each >= ' ' && each <= '~' && each != '"' && each != '\\'; }

static void append_escaped(std::string& to, char control) {
  constexpr std::string_view letters{"btn\0fr", 6};  // from U+0008 on
  constexpr std::string_view digits = "0123456789abcdef";
  const auto letter = static_cast<std::size_t>(control - '\b');
  if (control == '"' || control == '\\')
    to += {'\\', control};
  else if (letter < letters.size() && letters[letter] != '\0')
    to += {'\\', letters[letter]};
  else
    to += {'\\',
           'u',
           '0',
           '0',
           digits[static_cast<std::size_t>(control >> 4)],
           digits[static_cast<std::size_t>(control & 15)]};
}

void append_json_string(std::string& to, std::string_view text) {
  to += '"';
  while (true) {
    const auto strange = std::ranges::find_if_not(text, stands_for_itself);
    to.append(text.begin(), strange);
    if (strange == text.end()) break;
    text = {strange, text.end()};
    const utf8_character next = leading_utf8(text);
    if (next.value < ' ' || next.value == '"' || next.value == '\\')
      append_escaped(to, text.front());
    else
      append_utf8(to, next.value);
    text.remove_prefix(next.size);
  }
  to += '"';
}

}  // namespace hocket
