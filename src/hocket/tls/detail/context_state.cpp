// A context is a generation of SSL_CTX that is replaced as a whole by `reload`: a connection holds the generation it began with,
// so nothing changes under it. For SNI a server has one SSL_CTX for each identity; a handshake begins with the first and is
// moved to another when the name is known. All callbacks find their connection by the SSL's app data.

#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <hocket/tls/detail/context_state.hpp>
#include <hocket/tls/detail/credentials.hpp>
#include <hocket/tls/detail/secure_connection.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::detail {
namespace {

[[noreturn]] void refuse(const char* what, const std::string& value) {
  throw tls_error(tls_errc::cannot_load, fmt::format("cannot use {} '{}': {}", what, value, take_openssl_reason()));
}

constexpr int number_of(tls_version version) noexcept {
  return version == tls_version::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

template <class Options>
authorities authorities_of(const Options& options) noexcept {
  return {options.cafile, options.capath, options.cadata};
}

/// The first of ours that is among `offered`, a list as RFC 7301 writes it: each with its length before it. Empty if none is.
std::string_view best_of(const std::vector<std::string>& ours, std::string_view offered) noexcept {
  for (const std::string& each : ours)
    for (std::size_t at = 0; at < offered.size(); at += 1 + static_cast<unsigned char>(offered[at]))
      if (offered.substr(at + 1, static_cast<unsigned char>(offered[at])) == each) return each;
  return {};
}

/// Such a list.
std::string wire_form(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& each : protocols) {
    if (each.empty() || each.size() > 255)
      throw std::invalid_argument(fmt::format("'{}' cannot be the name of a protocol (ALPN)", each));
    wire += static_cast<char>(each.size());
    wire += each;
  }
  return wire;
}

const secure_connection& connection_of(const SSL* ssl) noexcept {
  return *static_cast<const secure_connection*>(SSL_get_app_data(ssl));
}

int choose_identity(SSL* ssl, int*, void*) {
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
    SSL_set_SSL_CTX(ssl, &connection_of(ssl).generation().for_name(name));
  return SSL_TLSEXT_ERR_OK;
}

int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  const std::vector<std::string>& ours = connection_of(ssl).own_protocols();
  if (ours.empty()) return SSL_TLSEXT_ERR_NOACK;
  const std::string_view found = best_of(ours, {reinterpret_cast<const char*>(offered), offered_size});
  if (found.empty()) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = reinterpret_cast<const unsigned char*>(found.data());
  *size = static_cast<unsigned char>(found.size());
  return SSL_TLSEXT_ERR_OK;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  try {
    return connection_of(ssl).keep_session(session) ? 1 : 0;
  } catch (...) {
    return 0;  // a session not kept is no harm
  }
}

int protect_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                   int seals) {
  ticket_keys& keys = connection_of(ssl).generation().tickets();
  if (seals != 0) return keys.seal(name, iv, cipher, mac) ? 1 : -1;
  switch (keys.open(name, iv, cipher, mac)) {
    case ticket_keys::opening::unknown:
      return 0;
    case ticket_keys::opening::current:
      return SSL_version(ssl) >= TLS1_3_VERSION ? 2 : 1;  // there a ticket is used once: the client needs another one
    case ticket_keys::opening::aging:
      return 2;
    case ticket_keys::opening::failed:
      break;
  }
  return -1;
}

void log_secret(const SSL* ssl, const char* line) { connection_of(ssl).generation().log_secret(line); }

openssl_handle<SSL_CTX> make_context(const SSL_METHOD* method) {
  ERR_clear_error();
  return owned(SSL_CTX_new(method));
}

}  // namespace

template <class Options>
void context_generation::set_up(SSL_CTX& context, const Options& options) {
  SSL_CTX_set_options(&context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(&context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_min_proto_version(&context, number_of(options.minimum_version));
  if (options.maximum_version) SSL_CTX_set_max_proto_version(&context, number_of(*options.maximum_version));
  if (!options.ciphers.empty() && SSL_CTX_set_cipher_list(&context, options.ciphers.c_str()) != 1)
    refuse("ciphers", options.ciphers);
  if (!options.ciphersuites.empty() && SSL_CTX_set_ciphersuites(&context, options.ciphersuites.c_str()) != 1)
    refuse("ciphersuites", options.ciphersuites);
  alpn_protocols_ = options.alpn_protocols;
  keylog_file_ = options.keylog_file;
  if (const char* named = std::getenv("SSLKEYLOGFILE"); options.honour_sslkeylogfile && named != nullptr)
    keylog_file_ = named;
  if (!keylog_file_.empty()) SSL_CTX_set_keylog_callback(&context, &detail::log_secret);
}

context_generation::context_generation(const tls_client_options& options) : sessions_(options.session_cache_size) {
  contexts_.push_back(make_context(TLS_client_method()));
  SSL_CTX& context = main();
  set_up(context, options);
  if (options.verify) {
    const authorities trusted = authorities_of(options);
    trusted.empty() ? trust_system(context) : trust(context, trusted);
  }
  if (options.identity) use_identity(context, *options.identity);
  static_cast<void>(wire_form(options.alpn_protocols));  // throws for names that cannot be
  SSL_CTX_set_verify(&context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, &secure_connection::note_verdict);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  if (options.session_cache_size > 0) SSL_CTX_sess_set_new_cb(&context, &keep_session);
}

context_generation::context_generation(const tls_server_options& options)
    : sessions_(0), tickets_(std::make_shared<ticket_keys>(options.session_lifetime)) {
  if (options.identities.empty())
    throw std::invalid_argument("a TLS server needs an identity: a certificate and its key");
  static_cast<void>(wire_form(options.alpn_protocols));  // throws for names that cannot be
  for (const tls_identity& identity : options.identities) {
    contexts_.push_back(make_context(TLS_server_method()));
    SSL_CTX& context = *contexts_.back();
    set_up(context, options);
    set_up_server(context, options);
    use_identity(context, identity);
  }
}

void context_generation::set_up_server(SSL_CTX& context, const tls_server_options& options) {
  SSL_CTX_set_tlsext_servername_callback(&context, &choose_identity);
  SSL_CTX_set_alpn_select_cb(&context, &choose_protocol, nullptr);
  static constexpr std::array<unsigned char, 6> name{'h', 'o', 'c', 'k', 'e', 't'};
  SSL_CTX_set_session_id_context(&context, name.data(), name.size());
  SSL_CTX_set_num_tickets(&context, options.session_tickets);
  if (options.session_tickets == 0) SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(&context, &protect_ticket);
  const bool keeps = options.session_tickets > 0 && options.session_cache_size > 0;
  SSL_CTX_set_session_cache_mode(&context, keeps ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
  if (keeps) SSL_CTX_sess_set_cache_size(&context, static_cast<long>(options.session_cache_size));
  SSL_CTX_set_timeout(&context, static_cast<long>(options.session_lifetime.count()));
  if (options.client_certificates == verify_mode::none) return;
  const authorities trusted = authorities_of(options);
  if (trusted.empty())
    throw std::invalid_argument("a TLS server that asks for client certificates needs their authorities");
  trust(context, trusted);
  announce(context, trusted);
  const bool required = options.client_certificates == verify_mode::required;
  SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     &secure_connection::note_verdict);
}

SSL_CTX& context_generation::for_name(const std::string& name) const noexcept {
  for (const unsigned wildcards : {X509_CHECK_FLAG_NO_WILDCARDS + 0U, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS + 0U})
    for (const auto& each : contexts_)
      if (X509_check_host(SSL_CTX_get0_certificate(each.get()), name.data(), name.size(),
                          wildcards | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1)
        return *each;
  return main();
}

void context_generation::offer_protocols(ssl_st& to, const std::vector<std::string>& protocols) {
  const std::string wire = wire_form(protocols);
  if (!wire.empty() && SSL_set_alpn_protos(&to, reinterpret_cast<const unsigned char*>(wire.data()),
                                           static_cast<unsigned>(wire.size())) != 0)
    throw std::bad_alloc();
}

void context_generation::log_secret(const char* line) const noexcept {
  const int file = ::open(keylog_file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  std::array<char, 1024> whole;
  const auto end = fmt::format_to_n(whole.data(), whole.size() - 1, "{}", line).out;
  *end = '\n';
  static_cast<void>(
      !::write(file, whole.data(), static_cast<std::size_t>(end + 1 - whole.data())));  // one write a line
  ::close(file);
}

context_state::context_state(tls_client_options options) : options_(std::move(options)) { reload(); }

context_state::context_state(tls_server_options options) : options_(std::move(options)) { reload(); }

void context_state::reload() {
  auto made = std::visit([](const auto& options) { return std::make_shared<context_generation>(options); }, options_);
  const auto* server = std::get_if<tls_server_options>(&options_);
  const std::scoped_lock held(mutex_);
  if (generation_ != nullptr && server != nullptr && server->client_certificates == verify_mode::none)
    made->keep_tickets_of(*generation_);
  generation_ = std::move(made);
}

std::shared_ptr<const context_generation> context_state::generation() const {
  const std::scoped_lock held(mutex_);
  return generation_;
}

static coro<byte_stream> shake_hands(std::shared_ptr<const context_state> context, byte_stream under,
                                     start_tls_options options) {
  if (options.server_side == (context->client_options() != nullptr))
    throw std::invalid_argument(options.server_side ? "start_tls: a client's context on the server's side"
                                                    : "start_tls: a server's context on the client's side");
  auto made = std::make_unique<secure_connection>(std::move(context), std::move(under), std::move(options));
  co_await made->start();
  co_return byte_stream(std::move(made));
}

HOCKET_CORO_OWNING_WRAPPER coro<byte_stream> context_state::start_tls(byte_stream under,
                                                                      start_tls_options options) const {
  return shake_hands(shared_from_this(), std::move(under), std::move(options));
}

}  // namespace hocket::detail
