#pragma once

#include <string_view>

namespace hocket::http::detail {

/// Looks whether bytes are UTF-8, as they come. Source: RFC 3629, 4.
class utf8_checker {
 public:
  /// False as soon as no further bytes can make it UTF-8; from then on it must not be asked.
  [[nodiscard]] bool add(std::string_view bytes) noexcept;
  /// What has come ends with a whole character.
  [[nodiscard]] bool is_whole() const noexcept { return left_ == 0; }

 private:
  [[nodiscard]] bool begin_character(unsigned char byte) noexcept;

  unsigned char left_ = 0;     // bytes of the character that are to come
  unsigned char low_ = 0x80;   // what the next of them may be
  unsigned char high_ = 0xBF;  // the same
};

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  utf8_checker checker;
  return checker.add(text) && checker.is_whole();
}

}  // namespace hocket::http::detail
