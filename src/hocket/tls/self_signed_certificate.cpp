#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <hocket/io/socket_address.hpp>
#include <hocket/tls/detail/certificate_text.hpp>
#include <hocket/tls/self_signed_certificate.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket {
namespace {

using detail::openssl_handle;
using detail::owned;

void require(bool done) {
  if (!done) throw tls_error(tls_errc::cannot_load, "cannot make a certificate: " + detail::take_openssl_reason());
}

void add_extension(X509& certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made(
      X509V3_EXT_nconf_nid(nullptr, &context, kind, value.c_str()), &X509_EXTENSION_free);
  require(made != nullptr && X509_add_ext(&certificate, made.get(), -1) == 1);
}

/// As OpenSSL reads it: "DNS:localhost,IP:127.0.0.1". Addresses without their zones, for they hold in all; each once.
std::string alternative_names(const std::vector<std::string>& hosts) {
  std::vector<std::string> names;
  for (const std::string& host : hosts) {
    if (host.empty() || host.find_first_of(",\n") != std::string::npos)
      throw std::invalid_argument("'" + host + "' is no host that a certificate can be for");
    const auto address = socket_address::parse(host, 0);
    std::string name = "DNS:" + host;
    if (address) {
      const std::string numeric = address->host();
      name = "IP:" + numeric.substr(0, numeric.find('%'));
    }
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return fmt::format("{}", fmt::join(names, ","));
}

void set_random_serial_number(X509& certificate) {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_new(), &BN_free);
  require(number != nullptr && BN_rand(number.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
          BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr);
}

std::string private_pem(EVP_PKEY& key) {
  const auto memory = owned(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace

self_signed_certificate make_self_signed_certificate(self_signed_options options) {
  if (options.hosts.empty()) throw std::invalid_argument("a self-signed certificate for no host");
  const std::string names = alternative_names(options.hosts);
  const openssl_handle<EVP_PKEY> key(EVP_EC_gen("P-256"));
  require(key != nullptr);
  const auto certificate = owned(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_random_serial_number(*certificate);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);  // for clocks that are slow
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), static_cast<int>(options.lifetime.count()), 0, nullptr);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const std::string& first = options.hosts.front();
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(first.c_str()), -1, -1, 0) == 1);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(*certificate, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(*certificate, NID_subject_alt_name, names);
  add_extension(*certificate, NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(*certificate, NID_subject_key_identifier, "hash");
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return {detail::pem_of(*certificate), private_pem(*key), detail::fingerprint_of(*certificate)};
}

}  // namespace hocket
