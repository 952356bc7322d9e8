#include <openssl/ssl.h>

#include <hocket/tls/detail/session_cache.hpp>

namespace hocket::detail {

void session_cache::put(const std::string& server, openssl_handle<SSL_SESSION> session) {
  const std::scoped_lock held(mutex_);
  if (limit_ == 0) return;
  auto found = by_server_.find(server);
  if (found == by_server_.end()) {
    entries_.push_front({server, {}});
    found = by_server_.emplace(server, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  auto& sessions = entries_.front().sessions;
  sessions.push_front(std::move(session));
  ++count_;
  if (sessions.size() > most_for_one_server) {
    sessions.pop_back();
    --count_;
  }
  while (count_ > limit_) forget_oldest();
}

void session_cache::forget_oldest() {
  entry& oldest = entries_.back();
  if (!oldest.sessions.empty()) {
    oldest.sessions.pop_back();
    --count_;
  }
  if (!oldest.sessions.empty()) return;
  by_server_.erase(oldest.server);
  entries_.pop_back();
}

openssl_handle<SSL_SESSION> session_cache::take(const std::string& server) {
  const std::scoped_lock held(mutex_);
  const auto found = by_server_.find(server);
  if (found == by_server_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  auto& sessions = entries_.front().sessions;
  SSL_SESSION* newest = sessions.front().get();
  if (SSL_SESSION_get_protocol_version(newest) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(newest);
    return openssl_handle<SSL_SESSION>(newest);
  }
  auto taken = std::move(sessions.front());
  sessions.pop_front();
  --count_;
  if (sessions.empty()) {
    by_server_.erase(found);
    entries_.pop_front();
  }
  return taken;
}

}  // namespace hocket::detail
