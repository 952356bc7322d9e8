#include <algorithm>
#include <array>
#include <ctime>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <hocket/tls/detail/certificate_text.hpp>

namespace hocket {
namespace detail {
namespace {

std::string contents_of(BIO& memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(&memory, &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string text_of(const X509_NAME& name) {
  const auto memory = owned(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), &name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return contents_of(*memory);
}

std::chrono::sys_seconds moment_of(const ASN1_TIME& time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(&time, &parts) != 1) return {};
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
}

std::string hexadecimal(std::string_view bytes, std::string_view between) {
  std::string text;
  for (const char byte : bytes) {
    if (!text.empty()) text += between;
    text += fmt::format("{:02X}", static_cast<unsigned char>(byte));
  }
  return text;
}

std::string_view bytes_of(const ASN1_STRING& string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(&string)),
          static_cast<std::size_t>(ASN1_STRING_length(&string))};
}

/// A host name as it may be shown: whoever made the certificate may have put anything into it.
std::string printable(std::string_view name) {
  std::string text(name);
  std::ranges::replace_if(text, [](char each) { return each <= ' ' || each > '~'; }, '.');
  return text;
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return hexadecimal(bytes, ":");
  return ::inet_ntop(family, bytes.data(), text.data(), text.size());
}

void add_alternative_names(const X509& certificate, tls_certificate& into) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> owner(names, &GENERAL_NAMES_free);
  for (int n = 0; n < sk_GENERAL_NAME_num(names); ++n) {
    const GENERAL_NAME& name = *sk_GENERAL_NAME_value(names, n);
    if (name.type == GEN_DNS) into.names.push_back(printable(bytes_of(*name.d.dNSName)));
    if (name.type == GEN_IPADD) into.addresses.push_back(address_text(bytes_of(*name.d.iPAddress)));
  }
}

std::string der_of(const X509& certificate) {
  std::string der(static_cast<std::size_t>(std::max(0, i2d_X509(&certificate, nullptr))), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(&certificate, &at);
  return der;
}

}  // namespace

std::string fingerprint_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  return hexadecimal({reinterpret_cast<const char*>(digest.data()), size}, ":");
}

std::string pem_of(const X509& certificate) {
  const auto memory = owned(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), &certificate);
  return contents_of(*memory);
}

std::string day_of(std::chrono::sys_seconds moment) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(moment));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

tls_certificate describe(const X509& certificate) {
  tls_certificate found;
  found.subject = text_of(*X509_get_subject_name(&certificate));
  found.issuer = text_of(*X509_get_issuer_name(&certificate));
  found.serial_number = hexadecimal(bytes_of(*X509_get0_serialNumber(&certificate)), "");
  add_alternative_names(certificate, found);
  found.not_before = moment_of(*X509_get0_notBefore(&certificate));
  found.not_after = moment_of(*X509_get0_notAfter(&certificate));
  found.fingerprint = fingerprint_of(certificate);
  found.der = der_of(certificate);
  return found;
}

}  // namespace detail

std::string tls_certificate::pem() const {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const detail::openssl_handle<X509> parsed(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return parsed != nullptr ? detail::pem_of(*parsed) : std::string();
}

}  // namespace hocket
