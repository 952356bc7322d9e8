#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/cookies/cookie_signer.hpp>
#include <hocket/http/server/cookie_sessions.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/request.hpp>

namespace hocket::http::detail {

/// A cookie that is signed and says until when it counts: `seconds.text.signature`.
class session_cookie {
 public:
  /// Throws hocket::error of options that make no cookie.
  session_cookie(std::vector<std::string> keys, session_cookie_options options);

  static constexpr std::size_t most_looked_at = 10;
  struct found {
    std::string text;
    bool is_old;  // to be renewed
  };
  /// What the request brings: of several of that name, as neighbours of the site can set them, those that we have signed, among
  /// the first `most_looked_at`: each costs a signature by every key.
  [[nodiscard]] std::vector<found> find(const request& asked) const;

  /// Gives the client that text, of base64url's characters and dots.
  void put(reply& into, std::string_view text) const;
  void remove(reply& from) const;

  [[nodiscard]] std::chrono::sys_seconds now() const { return options_.wall_clock(); }
  [[nodiscard]] std::chrono::seconds lifetime() const noexcept { return options_.lifetime; }

 private:
  [[nodiscard]] set_cookie with(std::string value, std::chrono::seconds max_age) const;
  static void add(reply& to, const set_cookie& cookie);

  cookie_signer signer_;
  session_cookie_options options_;
};

/// For caches: a reply that depends on who asks.
void note_in_reply(reply& given, const cookie_session& session);

}  // namespace hocket::http::detail
