#include <algorithm>
#include <span>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <hocket/loop/loop.hpp>
#include <hocket/tls/detail/ticket_keys.hpp>

namespace hocket::detail {
namespace {

bool use_mac(EVP_MAC_CTX* mac, const std::array<unsigned char, 32>& key) {
  char digest[] = "SHA256";
  auto bytes = key;
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  const bool done = EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return done;
}

}  // namespace

ticket_keys::~ticket_keys() {
  forget(current_);
  forget(previous_);
}

void ticket_keys::forget(std::optional<key>& which) noexcept {
  if (!which) return;
  OPENSSL_cleanse(&*which, sizeof *which);
  which.reset();
}

// False if there is a need for a key and none can be made.
bool ticket_keys::renew() {
  const time_point now = loop::running().time();
  if (current_ && now - current_->made < lifetime_) {
    if (previous_ && now - previous_->made >= 2 * lifetime_) forget(previous_);
    return true;
  }
  key next{};
  if (RAND_bytes(next.name.data(), static_cast<int>(next.name.size())) != 1 ||
      RAND_priv_bytes(next.cipher.data(), static_cast<int>(next.cipher.size())) != 1 ||
      RAND_priv_bytes(next.mac.data(), static_cast<int>(next.mac.size())) != 1)
    return false;
  next.made = now;
  forget(previous_);
  if (current_ && now - current_->made < 2 * lifetime_) previous_ = current_;
  forget(current_);
  current_ = next;
  OPENSSL_cleanse(&next, sizeof next);
  return true;
}

bool ticket_keys::seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const std::scoped_lock held(mutex_);
  if (!renew() || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return false;
  std::ranges::copy(current_->name, name);
  return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, current_->cipher.data(), iv) == 1 &&
         use_mac(mac, current_->mac);
}

ticket_keys::opening ticket_keys::open(const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                                       EVP_MAC_CTX* mac) {
  const std::scoped_lock held(mutex_);
  if (!renew()) return opening::failed;
  const auto is_meant = [&](const std::optional<key>& which) {
    return which && std::ranges::equal(which->name, std::span(name, 16));
  };
  const bool is_current = is_meant(current_);
  if (!is_current && !is_meant(previous_)) return opening::unknown;
  const key& which = is_current ? *current_ : *previous_;
  if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, which.cipher.data(), iv) != 1 || !use_mac(mac, which.mac))
    return opening::failed;
  return is_current ? opening::current : opening::aging;
}

}  // namespace hocket::detail
