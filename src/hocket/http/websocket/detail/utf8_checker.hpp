#pragma once

#include <array>
#include <string_view>

namespace hocket::http::detail {

/// Looks whether bytes are UTF-8, as they come. Source: RFC 3629, 4.
class utf8_checker {
 public:
  /// False as soon as no further bytes can make it UTF-8; from then on it must not be asked.
  [[nodiscard]] bool add(std::string_view bytes) noexcept;
  /// What has come ends with a whole character.
  [[nodiscard]] bool is_whole() const noexcept { return before_.back() == 0; }

 private:
  void keep_unfinished(const unsigned char* last) noexcept;

  std::array<unsigned char, 3> before_{};  // the character of which bytes are to come, behind zeros
};

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  utf8_checker checker;
  return checker.add(text) && checker.is_whole();
}

}  // namespace hocket::http::detail
