// One SSL, driven by two tasks that never run at once: OpenSSL is called between awaits only, and all that it has to say to the
// transport it writes into `cipher_.output`. Whoever holds `sending_` empties that in order; whoever holds `feeding_` receives.
//
// - A receiver that is cancelled while it waits has taken nothing. A sender that is cut off leaves half a record behind, so
//   nothing may follow it.
// - What OpenSSL answers while it reads (key updates, alerts) is sent by the task that is sending anyway, or by one of its own:
//   a receiver must not wait for a peer that does not read.
// - A sender needs the receiving side in one case: in the middle of a message of TLS 1.3's that follows the handshake.

#include <algorithm>
#include <cstring>
#include <expected>
#include <stdexcept>

#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/loop/backend.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/tls/detail/certificate_text.hpp>
#include <hocket/tls/detail/secure_connection.hpp>
#include <hocket/tls/tls_error.hpp>

namespace hocket::detail {

// SSL_get_error looks at the thread's queue of errors, in which others may have left some. Clearing an empty one costs a tenth
// of an echo.
static void forget_old_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

/// What is left of the pieces of a send, cut into records.
class outgoing_plain {
 public:
  explicit outgoing_plain(std::span<const std::string_view> pieces) noexcept : pieces_(pieces) { skip_empty(); }

  [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }

  /// The next record, of `limit` bytes at most: of one piece where it stands, of several small ones copied together.
  [[nodiscard]] std::string_view next(std::size_t limit) {
    const std::string_view first = pieces_.front().substr(offset_);
    if (first.size() >= limit || pieces_.size() == 1) return first.substr(0, limit);
    if (gathered_.empty()) gathered_ = loop::running().io().borrow();
    const std::span<char> into = gathered_.bytes().first(std::min(limit, gathered_.size()));
    std::size_t filled = 0;
    for (std::size_t n = 0; n < pieces_.size() && filled < into.size(); ++n) {
      const std::string_view piece = n == 0 ? first : pieces_[n];
      filled += piece.copy(into.data() + filled, into.size() - filled);
    }
    return {into.data(), filled};
  }

  void consume(std::size_t count) noexcept {
    offset_ += count;
    while (!pieces_.empty() && offset_ >= pieces_.front().size()) {
      offset_ -= pieces_.front().size();
      pieces_ = pieces_.subspan(1);
    }
    if (pieces_.empty()) offset_ = 0;
  }

 private:
  void skip_empty() noexcept { consume(0); }

  std::span<const std::string_view> pieces_;
  std::size_t offset_ = 0;
  buffer gathered_;
};

static std::string name_of_peer(const byte_stream& stream, const std::string& host) {
  std::string address;
  try {
    address = stream.peer_address().to_string();
  } catch (const std::system_error&) {
    return host.empty() ? "the peer" : host;  // there is no socket below, or it is not connected any more
  }
  return host.empty() ? address : fmt::format("{} ({})", host, address);
}

// By its bytes: a zone ("fe80::1%eth0") is no part of what certificates are for.
static void require_address(X509_VERIFY_PARAM& wanted, const socket_address& address) {
  const auto& v4 = *reinterpret_cast<const sockaddr_in*>(address.data());
  const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(address.data());
  const bool is_v4 = address.data()->sa_family == AF_INET;
  const auto* bytes = is_v4 ? reinterpret_cast<const unsigned char*>(&v4.sin_addr) : v6.sin6_addr.s6_addr;
  if (X509_VERIFY_PARAM_set1_ip(&wanted, bytes, is_v4 ? sizeof v4.sin_addr : sizeof v6.sin6_addr) != 1)
    throw std::bad_alloc();
}

secure_connection::secure_connection(std::shared_ptr<const context_state> context, byte_stream under,
                                     start_tls_options options)
    : context_(std::move(context)),
      generation_(context_->generation()),
      below_(std::move(under)),
      options_(std::move(options)),
      peer_(name_of_peer(below_, options_.server_hostname)),
      ssl_(owned(SSL_new(&generation_->main()))) {
  BIO* bio = cipher_.make_bio().release();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_msg_callback(ssl_.get(), &count_record);
  SSL_set_msg_callback_arg(ssl_.get(), this);
}

secure_connection::~secure_connection() {
  // Without this OpenSSL takes the session for a bad one and never resumes it.
  if (established_ && !unusable_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

coro<void> secure_connection::start() {
  timeout limit{delay(options_.handshake_timeout)};
  try {
    co_await limit.run(shake_hands());
  } catch (const timeout_error&) {
    abort();
    if (!limit.expired()) throw;
    const double seconds = std::chrono::duration<double>(options_.handshake_timeout).count();
    throw timeout_error(fmt::format("TLS with {}: the handshake has taken more than {} s", peer_, seconds));
  } catch (...) {
    abort();
    throw;
  }
}

void secure_connection::set_up_client() {
  const tls_client_options& options = *context_->client_options();
  std::string host = options_.server_hostname;
  if (host.ends_with('.')) host.pop_back();
  if (host.find('\0') != std::string::npos)
    throw std::invalid_argument("start_tls: a server_hostname with a NUL in it");
  if (host.starts_with('.'))  // for OpenSSL that is any name below
    throw std::invalid_argument("start_tls: a server_hostname that begins with a dot");
  const bool checks = options.verify && options.check_hostname;
  if (checks && host.empty())
    throw std::invalid_argument("start_tls: the client checks host names and needs a server_hostname");
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl_.get());
  const auto address = socket_address::parse(host, 0);
  if (checks && address) require_address(*wanted, *address);
  if (checks && !address) {
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) != 1) throw std::bad_alloc();
  }
  if (!address && !host.empty() && SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) != 1)
    throw std::invalid_argument("start_tls: a server_hostname that is too long");
  context_generation::offer_protocols(*ssl_, own_protocols());
  if (host.empty() || options.session_cache_size == 0) return;
  try {
    session_key_ = fmt::format("{} {}", host, below_.peer_address().port());
  } catch (const std::system_error&) {
    session_key_ = host;
  }
  if (const auto session = generation_->sessions().take(session_key_)) SSL_set_session(ssl_.get(), session.get());
}

coro<void> secure_connection::shake_hands() {
  if (options_.server_side) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
    set_up_client();
  }
  if (!options_.buffered.empty()) cipher_.feed(std::move(options_.buffered));
  bool any = cipher_.has_unread();
  if (any) check_first_bytes();
  for (std::size_t received = cipher_.unread().size();;) {
    forget_old_errors();
    const int done = SSL_do_handshake(ssl_.get());
    const int error = SSL_get_error(ssl_.get(), done);
    const bool failed = done != 1 && error != SSL_ERROR_WANT_READ;
    const std::exception_ptr thrown = failed ? failure(true) : nullptr;
    if (!cipher_.output.empty()) {
      const auto sent = co_await as_expected(leave());
      leaving_.clear();
      if (!sent && !failed) name_peer(std::system_error(sent.error()));
    }
    if (failed) std::rethrow_exception(thrown);
    if (done == 1) break;
    try {
      take(co_await below_.receive());
    } catch (const std::system_error& failed) {
      name_peer(failed);
    }
    if (transport_ended_)
      std::rethrow_exception(
          this->error(tls_errc::closed_in_handshake, "the peer closed the connection during the handshake"));
    if (!std::exchange(any, true)) check_first_bytes();
    received += cipher_.unread().size();
    if (received > most_handshake_bytes)
      std::rethrow_exception(this->error(tls_errc::handshake_failed, "the peer's handshake has no end"));
  }
  established_ = true;
  idle_records_ = 0;
}

void secure_connection::check_first_bytes() const {
  static constexpr char handshake = 22;
  static constexpr char alert = 21;
  const std::string_view bytes = cipher_.unread();
  const bool may_be = (bytes[0] == handshake || bytes[0] == alert) && (bytes.size() < 2 || bytes[1] == 3);
  if (may_be) return;
  std::string shown;
  for (const char each : bytes.substr(0, 24)) shown += each >= ' ' && each <= '~' ? each : '.';
  std::rethrow_exception(error(tls_errc::not_tls, fmt::format("the peer does not speak TLS; it sent '{}'", shown)));
}

coro<buffer> secure_connection::receive() {
  for (;;) {
    require_open();
    if (has_undecrypted()) {
      buffer plain = loop::running().io().borrow();
      if (read_into(plain)) co_return plain;
    }
    if (received_end_) co_return buffer();
    if (receive_failure_ == nullptr && transport_ended_)
      receive_failure_ =
          error(tls_errc::truncated, "the connection ended without a closure alert: bytes may be missing");
    if (receive_failure_ != nullptr) std::rethrow_exception(receive_failure_);
    const std::size_t seen = feeds_;
    const auto held = co_await feeding_.scoped_lock();
    require_open();
    if (feeds_ != seen) continue;
    try {
      take(co_await below_.receive());
    } catch (const std::system_error& failed) {
      name_peer(failed);
    }
  }
}

bool secure_connection::has_undecrypted() const noexcept {
  return !unusable_ && !received_end_ && (cipher_.has_unread() || SSL_pending(ssl_.get()) > 0);
}

void secure_connection::take(buffer received) {
  ++feeds_;
  if (received.empty())
    transport_ended_ = true;
  else
    cipher_.feed(std::move(received));
}

/// Decrypts what has come, as far as there is room for a large record: who sends it on makes one of it again. True if that gave
/// any bytes.
bool secure_connection::read_into(buffer& into) {
  into.truncate(std::min(into.size(), largest_record));
  std::size_t filled = 0;
  while (filled < into.size() && has_undecrypted() && read_record(into.bytes().subspan(filled), filled)) {
  }
  into.truncate(filled);
  if (cipher_.output.size() > most_output && !unusable_) {  // a sender takes all there is: these are answers alone
    unusable_ = true;
    receive_failure_ = error(tls_errc::protocol_broken, "the peer does not read the answers that it asks for");
  }
  if (!cipher_.output.empty()) flush_soon();
  return filled > 0;
}

bool secure_connection::read_record(std::span<char> into, std::size_t& filled) {
  forget_old_errors();
  std::size_t count = 0;
  const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  if (done == 1) {
    filled += count;
    idle_records_ = 0;
    return true;
  }
  switch (SSL_get_error(ssl_.get(), done)) {
    case SSL_ERROR_WANT_READ:
      if (idle_records_ <= most_idle_records) return false;
      unusable_ = true;
      receive_failure_ = error(tls_errc::protocol_broken, "the peer sends records without end and no data");
      return false;
    case SSL_ERROR_ZERO_RETURN:
      received_end_ = true;
      return false;
    default:
      receive_failure_ = failure(false);
      return false;
  }
}

coro<void> secure_connection::send(std::span<const std::string_view> pieces) {
  const auto held = co_await sending_.scoped_lock();
  require_sending();
  outgoing_plain plain(pieces);
  const time_point now = loop::running().time();
  if (now - last_sent_ > std::chrono::seconds(1)) sent_in_burst_ = 0;
  last_sent_ = now;
  send_cut_off_ = true;  // until everything has left
  while (!plain.empty() || !cipher_.output.empty()) {
    const std::size_t seen = feeds_;
    bool goes_on = true;
    while (goes_on && !plain.empty() && cipher_.output.size() < most_output) goes_on = encrypt(plain);
    if (!cipher_.output.empty()) {
      try {
        co_await leave();
      } catch (const std::system_error& failed) {
        name_peer(failed);
      }
      leaving_.clear();
    }
    if (!goes_on) co_await feed(seen);
  }
  send_cut_off_ = false;
}

/// Makes a record. False if OpenSSL must read first.
bool secure_connection::encrypt(outgoing_plain& from) {
  const std::string_view record = from.next(sent_in_burst_ < small_records_for ? small_record : largest_record);
  forget_old_errors();
  std::size_t count = 0;
  const int done = SSL_write_ex(ssl_.get(), record.data(), record.size(), &count);
  if (done == 1) {
    from.consume(count);
    sent_in_burst_ = std::min(sent_in_burst_ + count, small_records_for);
    return true;
  }
  if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return false;
  std::rethrow_exception(failure(false));
}

/// For a sender: waits until more was received than when `seen` was noted.
coro<void> secure_connection::feed(std::size_t seen) {
  const auto held = co_await feeding_.scoped_lock();
  require_open();
  if (feeds_ != seen || cipher_.has_unread()) co_return;
  take(co_await below_.receive());
  if (transport_ended_)
    std::rethrow_exception(
        error(tls_errc::truncated, "the connection ended without a closure alert: bytes may be missing"));
}

stream_send_pieces secure_connection::leave() {
  std::swap(leaving_, cipher_.output);
  return below_.send_all(leaving_.pieces());
}

/// What was written while reading. Who is sending sends that as well; otherwise a task does.
void secure_connection::flush_soon() {
  if (sending_.locked()) return;
  try {
    create_task(flush_owed(shared_from_this()), {.name = "TLS answer"});
  } catch (...) {
    // The next send will do it: the bytes that the caller is about to get must not be lost for this.
  }
}

coro<void> secure_connection::flush_owed(std::shared_ptr<secure_connection> self) {
  try {
    const auto held = co_await self->sending_.scoped_lock();
    if (self->aborted_ || self->send_cut_off_ || self->cipher_.output.empty()) co_return;
    self->send_cut_off_ = true;
    co_await self->leave();
    self->leaving_.clear();
    self->send_cut_off_ = false;
  } catch (const std::exception&) {
    // The receiver or the next sender meets the same.
  }
}

coro<void> secure_connection::shutdown_send() {
  const std::expected<void, std::error_code> sent = co_await try_shutdown_send();
  if (!sent) name_peer(std::system_error(sent.error()));
}

coro<std::expected<void, std::error_code>> secure_connection::try_shutdown_send() {
  const auto held = co_await sending_.scoped_lock();
  require_open();
  if (sent_end_) co_return {};
  require_sending();
  forget_old_errors();
  SSL_shutdown(ssl_.get());
  sent_end_ = true;
  send_cut_off_ = true;
  const auto sent = co_await as_expected(leave());
  leaving_.clear();
  send_cut_off_ = !sent;
  co_return sent;
}

coro<void> secure_connection::close() {
  try {
    co_await move_on_after(delay(options_.shutdown_timeout), say_farewell());
  } catch (const std::exception&) {
    // The peer is gone, or was before: nobody is left to be told.
  } catch (...) {
    abort();
    throw;
  }
  aborted_ = true;
  co_await below_.close();
}

coro<void> secure_connection::say_farewell() {
  if (unusable_) {  // its alert may be waiting
    const auto held = co_await sending_.scoped_lock();
    if (!send_cut_off_ && !cipher_.output.empty()) co_await leave();
    co_return;
  }
  // A peer that has closed already is the common case, not worth an exception.
  if (!co_await try_shutdown_send()) co_return;
  for (std::size_t dropped = 0; dropped < most_dropped;) {
    const buffer late = co_await receive();
    if (!late) co_return;
    dropped += late.size();
  }
}

void secure_connection::abort() noexcept {
  aborted_ = true;
  below_.abort();
}

bool secure_connection::has_something_to_read() const noexcept {
  return received_end_ || transport_ended_ || unusable_ || cipher_.has_unread() || SSL_has_pending(ssl_.get()) == 1 ||
         below_.has_something_to_read();
}

void secure_connection::require_open() const {
  if (aborted_) throw std::system_error(std::make_error_code(std::errc::operation_canceled), "TLS");
}

void secure_connection::require_sending() const {
  require_open();
  if (sent_end_) throw std::system_error(std::make_error_code(std::errc::broken_pipe), "send");
  if (send_cut_off_)
    std::rethrow_exception(error(tls_errc::send_cut_off, "an earlier send was cut off: nothing can follow it"));
  if (unusable_ && receive_failure_ != nullptr) std::rethrow_exception(receive_failure_);
}

void secure_connection::name_peer(const std::system_error& failed) const {
  if (dynamic_cast<const tls_error*>(&failed) != nullptr) throw;  // of TLS below, it names its own
  throw std::system_error(failed.code(), fmt::format("TLS with {}", peer_));
}

std::exception_ptr secure_connection::error(tls_errc code, const std::string& reason) const {
  return std::make_exception_ptr(tls_error(code, fmt::format("TLS with {}: {}", peer_, reason)));
}

std::exception_ptr secure_connection::failure(bool in_handshake) {
  unusable_ = true;
  if (cipher_.out_of_memory) return std::make_exception_ptr(std::bad_alloc());
  peer_verdict reason = reason_of_failure(in_handshake);
  if (verdict_ && SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE) reason = verdict_;
  receive_failure_ = error(reason.code, reason.reason);
  return receive_failure_;
}

int secure_connection::note_verdict(int good, X509_STORE_CTX* checked) {
  if (good == 1) return 1;
  const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(checked, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& self = *static_cast<secure_connection*>(SSL_get_app_data(ssl));
  try {
    self.verdict_ = verdict_of(*checked, self.options_.server_hostname);
  } catch (...) {
    self.cipher_.out_of_memory = true;
  }
  return 0;
}

bool secure_connection::keep_session(SSL_SESSION* session) const {
  if (session_key_.empty() || SSL_SESSION_is_resumable(session) != 1) return false;
  openssl_handle<SSL_SESSION> kept(session);
  try {
    generation_->sessions().put(session_key_, std::move(kept));
    return true;
  } catch (...) {
    static_cast<void>(kept.release());  // OpenSSL keeps what was not taken
    throw;
  }
}

void secure_connection::count_record(int written, int, int type, const void*, std::size_t, SSL*, void* self) {
  if (written == 0 && type == SSL3_RT_HEADER) ++static_cast<secure_connection*>(self)->idle_records_;
}

std::string secure_connection::version() const { return SSL_get_version(ssl_.get()); }

std::string secure_connection::cipher() const { return SSL_get_cipher_name(ssl_.get()); }

std::string secure_connection::alpn_protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string secure_connection::server_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name != nullptr ? name : "";
}

bool secure_connection::session_reused() const { return SSL_session_reused(ssl_.get()) == 1; }

std::optional<tls_certificate> secure_connection::peer_certificate() const {
  const X509* own = SSL_get0_peer_certificate(ssl_.get());
  if (own == nullptr) return std::nullopt;
  return describe(*own);
}

std::vector<tls_certificate> secure_connection::peer_chain() const {
  std::vector<tls_certificate> chain;
  if (auto own = peer_certificate()) chain.push_back(std::move(*own));
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(ssl_.get());  // a server sees it without the client's own
  for (int n = options_.server_side ? 0 : 1; n < sk_X509_num(sent); ++n)
    chain.push_back(describe(*sk_X509_value(sent, n)));
  return chain;
}

}  // namespace hocket::detail
