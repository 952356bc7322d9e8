#pragma once

#include <array>
#include <mutex>
#include <optional>

#include <hocket/loop/clock.hpp>

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;

namespace hocket::detail {

/// The keys with which a server seals its tickets. Whoever has a key can read all that was said under sessions of its tickets, if TLS 1.2
/// or an early secret of TLS 1.3 is all that protects it: so a key is used for one lifetime of sessions, then opens what it has sealed for
/// another one, and is gone. For several threads; the time is that of the running loop. Source: RFC 5077, 4 and 5.5; RFC 8446, 4.6.1.
class ticket_keys {
 public:
  /// Until it is called for the first time there is no key.
  explicit ticket_keys(duration lifetime) noexcept : lifetime_(lifetime) {}
  ~ticket_keys();
  ticket_keys(const ticket_keys&) = delete;
  ticket_keys& operator=(const ticket_keys&) = delete;

  /// Prepares to seal a ticket: writes the key's name and an `iv`. False if there is no randomness.
  [[nodiscard]] bool seal(unsigned char* name, unsigned char* iv, evp_cipher_ctx_st* cipher, evp_mac_ctx_st* mac);

  enum class opening { unknown, current, aging, failed };
  /// Prepares to open one. `aging`: the client should get another one.
  [[nodiscard]] opening open(const unsigned char* name, const unsigned char* iv, evp_cipher_ctx_st* cipher,
                             evp_mac_ctx_st* mac);

 private:
  struct key {
    std::array<unsigned char, 16> name;
    std::array<unsigned char, 32> cipher;
    std::array<unsigned char, 32> mac;
    time_point made;
  };

  bool renew();
  static void forget(std::optional<key>& which) noexcept;

  std::mutex mutex_;
  duration lifetime_;
  std::optional<key> current_;
  std::optional<key> previous_;
};

}  // namespace hocket::detail
