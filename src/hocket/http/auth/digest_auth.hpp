#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/loop/random_source.hpp>

namespace hocket::http {

enum class digest_algorithm : unsigned char { md5, md5_sess, sha256, sha256_sess };

/// A challenge of the scheme `digest`. Source: RFC 7616, 3.3.
struct digest_challenge {
  std::string realm;
  std::string nonce;
  std::optional<std::string> opaque;
  digest_algorithm algorithm = digest_algorithm::md5;
  bool algorithm_was_said = false;
  bool offers_auth = false;      ///< neither: the server is of RFC 2069
  bool offers_auth_int = false;  ///< the content is signed as well
  bool stale = false;            ///< the credentials were right, only the nonce is too old: ask no user
  bool userhash = false;         ///< the name of the user is to be sent hashed

  friend bool operator==(const digest_challenge&, const digest_challenge&) = default;
};

/// Reads it; nothing if it is of another scheme, has no realm or nonce, or asks for an algorithm or a quality of
/// protection that hocket does not have. Of several that can be read take the first that is not MD5.
[[nodiscard]] std::optional<digest_challenge> parse_digest_challenge(const auth_challenge& challenge);

/// What a client nonce may be: 32 hexadecimal digits.
[[nodiscard]] std::string make_cnonce(random_source& random);

/// Answers one challenge, for as many requests as the server takes its nonce. Source: RFC 7616, 3.4.
class digest_session {
 public:
  digest_session(digest_challenge challenge, std::string user, std::string password);

  /// What the next request is signed with: the challenge's, or one that came later.
  [[nodiscard]] const std::string& nonce() const noexcept { return challenge_.nonce; }

  /// The value of `Authorization` for a request with that method and request target; each call counts as one request.
  /// Of what the server offers it takes `auth` before `auth-int`; for that `content` must be given. `cnonce` is drawn
  /// anew for each, but for the algorithms with `_sess`, which keep the first. Throws hocket::error if the content is
  /// needed, or something cannot stand in a field.
  [[nodiscard]] std::string authorize(std::string_view method, std::string_view target, std::string_view cnonce,
                                      std::optional<std::string_view> content = std::nullopt);

  /// Takes the `Authentication-Info` of a response: goes on with the next nonce, if it names one. Returns whether the
  /// server has proved that it knows the password, too (`rspauth`); nothing if it did not try. RFC 7616, 3.5.
  std::optional<bool> take_authentication_info(std::string_view field);

 private:
  [[nodiscard]] std::string hash(std::string_view text) const;
  [[nodiscard]] std::string response(std::string_view a2) const;

  digest_challenge challenge_;
  std::string user_;
  std::string password_;
  std::string hashed_a1_;  // of user, realm and password; for `_sess` with the first nonces as well
  std::string target_;     // these of the request before, for `rspauth`
  std::string cnonce_;
  std::string qop_;
  std::string count_text_;
  std::uint32_t count_ = 0;
};

}  // namespace hocket::http
