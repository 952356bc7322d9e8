#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <tls/certificate_authority.hpp>

#include <hocket/io/socket_address.hpp>

namespace hocket::testing {
namespace {

template <auto Free>
struct freed_by {
  template <class Object>
  void operator()(Object* object) const {
    Free(object);
  }
};
using bio = std::unique_ptr<BIO, freed_by<BIO_free>>;
using private_key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate = std::unique_ptr<X509, freed_by<X509_free>>;

std::string text_in(BIO& memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(&memory, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

bio reading(const std::string& text) { return bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

private_key read_key(const std::string& pem) {
  return private_key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, nullptr, nullptr));
}

void extend(X509& made, X509& issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &made, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_nconf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) throw std::runtime_error("no such extension: " + value);
  X509_add_ext(&made, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

issued_certificate issue(const certificate_options& options, const issued_certificate* by) {
  static long serial = 1;
  const private_key key(EVP_EC_gen("P-256"));
  const certificate made(X509_new());
  const certificate issuer(by != nullptr ? PEM_read_bio_X509(reading(by->certificate).get(), nullptr, nullptr, nullptr)
                                         : nullptr);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_time_adj_ex(X509_getm_notBefore(made.get()), options.begins_in_days, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(made.get()), options.ends_in_days, 0, nullptr);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.subject.c_str()), -1, -1, 0);
  X509& signer = issuer != nullptr ? *issuer : *made;
  X509_set_issuer_name(made.get(), X509_get_subject_name(&signer));
  extend(*made, signer, NID_basic_constraints, options.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (options.authority) extend(*made, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  std::string names;
  for (const std::string& host : options.hosts)
    names += (names.empty() ? "" : ",") + std::string(socket_address::parse(host, 0) ? "IP:" : "DNS:") + host;
  if (!names.empty()) extend(*made, signer, NID_subject_alt_name, names);
  if (!options.purposes.empty()) extend(*made, signer, NID_ext_key_usage, options.purposes);
  extend(*made, signer, NID_subject_key_identifier, "hash");
  const private_key signing = by != nullptr ? read_key(by->key) : nullptr;
  X509_sign(made.get(), signing != nullptr ? signing.get() : key.get(), EVP_sha256());
  const bio certificate_text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate_text.get(), made.get());
  const bio key_text(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {text_in(*certificate_text), text_in(*key_text)};
}

std::string encrypted(const std::string& key, const std::string& password) {
  const bio text(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(text.get(), read_key(key).get(), EVP_aes_128_cbc(),
                           reinterpret_cast<const unsigned char*>(password.data()), static_cast<int>(password.size()),
                           nullptr, nullptr);
  return text_in(*text);
}

}  // namespace hocket::testing
