#pragma once

#include <map>
#include <string>
#include <string_view>

#include <hocket/http/auth/digest_auth.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// The challenges for digests that were taken, each under a key: by whom, for which user.
class digest_sessions {
 public:
  /// Null if there is none.
  [[nodiscard]] digest_session* find(const std::string& key) noexcept;

  /// Whether the fields `name` of a refusal bring a challenge by which the request should be made again: one that is not MD5 before one
  /// that is. `sent` is what the refused request said of who one is. If that was no digest, or one by a nonce that is too old, this challenge
  /// takes the place of what is known. Else it is a refusal: if the digest was by the newest nonce, of user and password, and what is known is
  /// forgotten; if by another, the request is to be made again by the newest.
  [[nodiscard]] bool take_challenge(const std::string& key, std::string_view sent, const headers& refusal,
                                    const char* name, const std::string& user, const std::string& password);

 private:
  std::map<std::string, digest_session> sessions_;
};

}  // namespace hocket::http::detail
