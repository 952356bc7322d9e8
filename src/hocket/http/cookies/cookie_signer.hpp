#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hocket::http {

/// Signs the values of cookies, so that a server recognises those that it has set itself. They can still be read,
/// replayed for as long as the keys are in use, and moved between users: put into the value whom it is for and until
/// when.
///
/// HMAC-SHA256 over name and value, compared in constant time. Counterpart: itsdangerous.Signer.
class cookie_signer {
 public:
  /// No key may be shorter.
  static constexpr std::size_t least_key_bytes = 16;

  /// The first key signs, each of them verifies: put a new one in front, and drop the old when its cookies have
  /// expired. Throws hocket::error if there is none, or one is too short.
  explicit cookie_signer(std::vector<std::string> keys);

  /// `value.signature`. Throws hocket::error if the name is no token.
  [[nodiscard]] std::string sign(std::string_view name, std::string_view value) const;

  /// The value, or nothing if the cookie of that name was not signed with any of the keys.
  [[nodiscard]] std::optional<std::string> verify(std::string_view name, std::string_view signed_value) const;

 private:
  std::vector<std::string> keys_;
};

}  // namespace hocket::http
