#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <hocket/base/error.hpp>
#include <hocket/http/cookies/cookie_signer.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/base64.hpp>

namespace hocket::http {
namespace {

constexpr std::size_t encoded_signature_bytes = 43;  // of 32 bytes, without padding

/// A name is a token, so that its end is where the equals sign is. The prefix keeps apart what else a key may sign.
std::string signature(const std::string& key, std::string_view name, std::string_view value) {
  std::string message = "cookie\n";
  message.append(name).append("=").append(value);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &size) == nullptr)
    throw error("cannot sign a cookie");
  return {reinterpret_cast<const char*>(digest), size};
}

}  // namespace

cookie_signer::cookie_signer(std::vector<std::string> keys) : keys_(std::move(keys)) {
  if (keys_.empty()) throw error("there is no key to sign cookies with");
  for (const std::string& key : keys_)
    if (key.size() < least_key_bytes) throw error("a key to sign cookies with is too short");
}

std::string cookie_signer::sign(std::string_view name, std::string_view value) const {
  if (!detail::is_token(name)) throw error("the name of a cookie is no token");
  return std::string(value).append(".").append(base64url_encode(signature(keys_.front(), name, value)));
}

std::optional<std::string> cookie_signer::verify(std::string_view name, std::string_view signed_value) const {
  const std::size_t dot = signed_value.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto value = signed_value.substr(0, dot);
  const auto text = signed_value.substr(dot + 1);
  if (text.size() != encoded_signature_bytes) return std::nullopt;  // before any is made to compare it with
  const auto given = base64url_decode(text);
  if (!given || !detail::is_token(name)) return std::nullopt;
  const bool is_ours = std::any_of(keys_.begin(), keys_.end(), [&](const std::string& key) {
    const std::string expected = signature(key, name, value);
    return given->size() == expected.size() && ::CRYPTO_memcmp(given->data(), expected.data(), expected.size()) == 0;
  });
  if (!is_ours) return std::nullopt;
  return std::string(value);
}

}  // namespace hocket::http
