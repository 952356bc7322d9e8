#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/http/cookies/public_suffixes.hpp>
#include <hocket/http/cookies/set_cookie.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

/// A cookie that a jar keeps.
struct cookie {
  std::string name;
  std::string value;
  std::string domain;     ///< in lower case, without a leading dot
  bool host_only = true;  ///< whether it goes to that host alone, or to those below it as well
  std::string path = "/";
  std::optional<std::chrono::sys_seconds> expires{};  ///< without it it is gone with the session
  bool secure = false;
  bool http_only = false;  ///< kept for those who show cookies to scripts
  http::same_site same_site = http::same_site::unspecified;
  std::chrono::sys_seconds created{};
  std::chrono::sys_seconds last_access{};

  friend bool operator==(const cookie&, const cookie&) = default;
};

/// What caused a request: programs cause their own, browsers' pages those to other sites. Source: RFC 6265bis, 5.2.
enum class request_site : unsigned char {
  same,              ///< the same site, or the user
  cross_navigation,  ///< another site, by leading the user there with a safe method
  cross,             ///< another site, otherwise
};

struct cookie_jar_options {
  std::size_t most_per_domain = 50;
  std::size_t most_in_all = 3000;
  /// No cookie is kept longer, whatever it says.
  std::chrono::seconds longest_life = std::chrono::days(400);
  /// Must outlive the jar.
  const public_suffixes* suffixes = &public_suffixes::built_in();
};

/// The cookies of a user agent: takes them from responses and gives each request those that are meant for it.
///
/// Knows no clock: `now` is the wall time that the caller has. When it is full those go first that have expired, then
/// those that were not used for longest; of a domain that has too many, those that are not secure before those that
/// are.
/// Source: RFC 6265bis, 5.6 to 5.8. Counterpart: http.cookiejar.CookieJar, aiohttp.CookieJar.
class cookie_jar {
 public:
  explicit cookie_jar(cookie_jar_options options = {}) : options_(options) {}

  /// Takes a `Set-Cookie` that came in the response to `from`, or forgets a cookie if it says so. Returns false if it
  /// was refused: malformed, for a domain that is not that of `from`, or not to be had from there (see the source).
  bool take(std::string_view set_cookie_field, const url& from, std::chrono::sys_seconds now,
            request_site site = request_site::same);
  bool take(const set_cookie& cookie, const url& from, std::chrono::sys_seconds now,
            request_site site = request_site::same);
  /// All of a response.
  void take_all(const headers& response, const url& from, std::chrono::sys_seconds now,
                request_site site = request_site::same);

  /// What `Cookie` of a request to `target` should say; empty if it should have none. Longer paths first, then older
  /// cookies.
  [[nodiscard]] std::string header_for(const url& target, std::chrono::sys_seconds now,
                                       request_site site = request_site::same);

  /// Puts a cookie in as it is, in the place of one of the same name, domain and path: for what comes from a file that
  /// is trusted; only that one for a public suffix is for that very host. Returns false if it is empty or has a control
  /// character or a semicolon, or its domain is empty or begins with . or #, or its path is none.
  bool add(cookie added);

  /// By creation.
  [[nodiscard]] std::vector<cookie> all() const;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void remove_expired(std::chrono::sys_seconds now);
  /// Forgets the cookies that are gone with the session.
  void end_session();
  void clear() noexcept;

 private:
  struct kept {
    cookie it;
    std::uint64_t number;  // by creation, as several may be made in a second
    std::uint64_t used;    // by use, likewise
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using domains = std::unordered_map<std::string, std::vector<kept>, text_hash, std::equal_to<>>;

  bool fit_domain(cookie& made, const set_cookie& given, std::string_view host) const;
  [[nodiscard]] bool hides_secure_one(const cookie& made) const;
  void put(cookie made);
  void make_room(std::string_view domain, std::chrono::sys_seconds now);
  template <class Condition>
  void remove_if(Condition condition);

  cookie_jar_options options_;
  domains domains_;
  std::size_t size_ = 0;
  std::uint64_t next_number_ = 0;
};

}  // namespace hocket::http
