// Certificates, keys and authorities are read here and not by OpenSSL's functions for files, which say which function failed and
// not what is wrong with which file. Text and files go the same way: through a memory BIO, PEM block by PEM block.

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <hocket/tls/detail/credentials.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::detail {
namespace {

/// PEM with the name that messages give it.
struct pem_source {
  std::string what;
  std::string text;
};

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  ERR_clear_error();
  throw tls_error(tls_errc::cannot_load, fmt::format("cannot use {}: {}", what, why));
}

pem_source read(const char* kind, const std::string& file, const std::string& text) {
  if (file.empty()) return {fmt::format("{} given as text", kind), text};
  pem_source source{fmt::format("{} '{}'", kind, file), {}};
  std::ifstream stream(file, std::ios::binary);
  std::array<char, 4096> part;
  while (stream) {
    stream.read(part.data(), part.size());
    source.text.append(part.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (!stream.eof()) refuse(source.what, std::strerror(errno));
  if (source.text.empty()) refuse(source.what, fmt::format("the file is empty: there is no {} in it", kind));
  return source;
}

openssl_handle<BIO> reader_of(const pem_source& source) {
  return owned(BIO_new_mem_buf(source.text.data(), static_cast<int>(source.text.size())));
}

/// Why the last PEM could not be read.
std::string reason_of_pem() {
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) {
    ERR_clear_error();
    return "no start line";
  }
  return take_openssl_reason();
}

bool no_more_pem() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

int give_password(char* into, int size, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  if (static_cast<std::size_t>(size) < text.size()) return -1;
  std::memcpy(into, text.data(), text.size());
  return static_cast<int>(text.size());
}

void use_chain(SSL_CTX& context, const pem_source& source) {
  ERR_clear_error();
  const auto reader = reader_of(source);
  const openssl_handle<X509> own(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
  if (own == nullptr) refuse(source.what, reason_of_pem());
  if (SSL_CTX_use_certificate(&context, own.get()) != 1) refuse(source.what, take_openssl_reason());
  SSL_CTX_clear_chain_certs(&context);
  for (;;) {
    openssl_handle<X509> next(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (SSL_CTX_add0_chain_cert(&context, next.get()) != 1) refuse(source.what, take_openssl_reason());
    static_cast<void>(next.release());
  }
  if (!no_more_pem()) refuse(source.what, reason_of_pem());
  ERR_clear_error();
}

std::string reason_of_key(const std::string& password) {
  for (unsigned long error = ERR_peek_error(); error != 0; error = ERR_peek_error()) {
    const int library = ERR_GET_LIB(error);
    const int reason = ERR_GET_REASON(error);
    const bool undeciphered = (library == ERR_LIB_EVP && reason == EVP_R_BAD_DECRYPT) ||
                              (library == ERR_LIB_PEM && reason == PEM_R_BAD_DECRYPT) ||
                              (library == ERR_LIB_PEM && reason == PEM_R_BAD_PASSWORD_READ) ||
                              library == ERR_LIB_PKCS12;
    if (undeciphered) return password.empty() ? "it is encrypted and no password was given" : "wrong password";
    if (ERR_peek_last_error() == error) break;
    ERR_get_error();
  }
  return "no start line of a private key";
}

void use_key(SSL_CTX& context, const pem_source& source, const std::string& password) {
  ERR_clear_error();
  const auto reader = reader_of(source);
  auto* secret = const_cast<std::string*>(&password);
  const openssl_handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader.get(), nullptr, &give_password, secret));
  if (key == nullptr) refuse(source.what, reason_of_key(password));
  X509* own = SSL_CTX_get0_certificate(&context);
  if (own == nullptr || X509_check_private_key(own, key.get()) != 1)
    refuse(source.what, "the private key does not belong to the certificate");
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1) refuse(source.what, take_openssl_reason());
}

/// Calls `use` with each certificate of the source.
template <class Use>
void for_each_certificate(const pem_source& source, Use use) {
  ERR_clear_error();
  const auto reader = reader_of(source);
  bool any = false;
  for (;;) {
    const openssl_handle<X509> each(PEM_read_bio_X509_AUX(reader.get(), nullptr, nullptr, nullptr));
    if (each == nullptr) break;
    use(*each);
    any = true;
  }
  if (!any || !no_more_pem()) refuse(source.what, reason_of_pem());
  ERR_clear_error();
}

constexpr const char* of_authorities = "authorities";

template <class Use>
void for_each_authority(const authorities& trusted, Use use) {
  if (!trusted.file.empty()) for_each_certificate(read(of_authorities, trusted.file, {}), use);
  if (!trusted.text.empty()) for_each_certificate(read(of_authorities, {}, trusted.text), use);
}

}  // namespace

void use_identity(SSL_CTX& context, const tls_identity& identity) {
  const pem_source chain = read("certificate", identity.certfile, identity.certificate);
  const bool with_key = identity.keyfile.empty() && identity.key.empty();
  use_chain(context, chain);
  use_key(context,
          with_key ? read("private key", identity.certfile, identity.certificate)
                   : read("private key", identity.keyfile, identity.key),
          identity.password);
}

void trust(SSL_CTX& context, const authorities& trusted) {
  X509_STORE& store = *SSL_CTX_get_cert_store(&context);
  for_each_authority(trusted, [&](X509& each) {
    if (X509_STORE_add_cert(&store, &each) != 1) throw std::bad_alloc();
  });
  if (trusted.directory.empty()) return;
  const std::string what = fmt::format("{} '{}'", of_authorities, trusted.directory);
  struct stat found{};
  if (::stat(trusted.directory.c_str(), &found) != 0) refuse(what, std::strerror(errno));
  if (!S_ISDIR(found.st_mode)) refuse(what, std::strerror(ENOTDIR));
  if (X509_STORE_load_path(&store, trusted.directory.c_str()) != 1) refuse(what, take_openssl_reason());
}

void trust_system(SSL_CTX& context) {
  if (SSL_CTX_set_default_verify_paths(&context) != 1) refuse("the authorities of the system", take_openssl_reason());
  ERR_clear_error();
}

void announce(SSL_CTX& context, const authorities& trusted) {
  for_each_authority(trusted, [&](X509& each) { SSL_CTX_add_client_CA(&context, &each); });
}

}  // namespace hocket::detail
