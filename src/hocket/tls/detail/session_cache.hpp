#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include <hocket/tls/detail/openssl_handle.hpp>

namespace hocket::detail {

/// A client's sessions, for resumption: few for each server, the servers not used for longest make room. For several threads.
class session_cache {
 public:
  explicit session_cache(std::size_t limit) noexcept : limit_(limit) {}

  void put(const std::string& server, openssl_handle<ssl_session_st> session);

  /// The newest session of `server`, or null. One of TLS 1.3 leaves the cache, for a ticket that is shown twice lets observers
  /// link the connections (RFC 8446, C.4).
  [[nodiscard]] openssl_handle<ssl_session_st> take(const std::string& server);

 private:
  static constexpr std::size_t most_for_one_server = 4;

  struct entry {
    std::string server;
    std::list<openssl_handle<ssl_session_st>> sessions;  // the newest first
  };

  void forget_oldest();

  std::mutex mutex_;
  std::size_t limit_;
  std::size_t count_ = 0;
  std::list<entry> entries_;  // the one used last first
  std::unordered_map<std::string, std::list<entry>::iterator> by_server_;
};

}  // namespace hocket::detail
