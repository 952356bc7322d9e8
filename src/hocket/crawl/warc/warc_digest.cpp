#include <array>
#include <new>
#include <span>

#include <openssl/evp.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl/warc/warc_digest.hpp>

namespace hocket::crawl {

// RFC 4648, 6. Twenty bytes are thirty-two digits, and need no padding.
static std::string in_base32(std::span<const unsigned char> bytes) {
  static constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  unsigned pending = 0;
  unsigned bits = 0;
  for (const unsigned char byte : bytes) {
    pending = (pending << 8U | byte) & 0xFFFU;
    for (bits += 8; bits >= 5; bits -= 5) text += digits[pending >> (bits - 5) & 31U];
  }
  return text;
}

void warc_digest::deleter::operator()(evp_md_ctx_st* context) const noexcept { ::EVP_MD_CTX_free(context); }

warc_digest::warc_digest() : context_(::EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  if (::EVP_DigestInit_ex(context_.get(), ::EVP_sha1(), nullptr) != 1) throw error("this OpenSSL has no SHA-1");
}

void warc_digest::feed(std::string_view piece) { ::EVP_DigestUpdate(context_.get(), piece.data(), piece.size()); }

std::string warc_digest::text() {
  std::array<unsigned char, 20> bytes{};
  ::EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr);
  return "sha1:" + in_base32(bytes);
}

}  // namespace hocket::crawl
