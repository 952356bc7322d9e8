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
  /// that is. `sent` is what the refused request said of who one is. If that was no digest, or one by another nonce than the one that is
  /// known by now, it is made again by that. If it was by the newest, this challenge takes its place, if it says that the nonce is too old; any
  /// other is a refusal of user and password, and what is known is forgotten.
  [[nodiscard]] bool take_challenge(const std::string& key, std::string_view sent, const headers& refusal,
                                    const char* name, const std::string& user, const std::string& password);

 private:
  std::map<std::string, digest_session> sessions_;
};

}  // namespace hocket::http::detail
