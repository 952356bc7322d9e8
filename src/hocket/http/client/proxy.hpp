#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/function.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

/// A server that requests go through. A value.
class proxy {
 public:
  enum class kind : unsigned char {
    http,   ///< takes requests for http as they are, and leads to servers of https by CONNECT
    https,  ///< the same, over TLS
    socks5  ///< leads everywhere and looks the names up itself (RFC 1928)
  };

  /// Reads `scheme://[user[:password]@]host[:port]`: the schemes are http (which may be left out), https, socks5 and socks5h, which here
  /// are the same; the port is 1080 if none is given, 443 of https. User and password are percent-encoded.
  /// Throws `client_error`, whose words have no password in them. Source: curl(1), --proxy.
  [[nodiscard]] static proxy parse(std::string_view text);

  [[nodiscard]] kind protocol() const noexcept { return kind_; }
  /// As in a URL: a domain, an IPv4 address, an IPv6 address in brackets.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const std::string& username() const noexcept { return username_; }
  [[nodiscard]] const std::string& password() const noexcept { return password_; }
  [[nodiscard]] bool has_credentials() const noexcept { return !username_.empty() || !password_.empty(); }
  /// "http://proxy.example:1080", without credentials.
  [[nodiscard]] std::string name() const;
  /// What Proxy-Authorization says, by the scheme Basic (RFC 7617); empty without credentials.
  [[nodiscard]] std::string authorization() const;

  /// The same proxy, to which the password is shown by Digest alone (RFC 7616), and so to nobody who listens. Otherwise it is sent at once
  /// by Basic, and by Digest where the proxy asks for that. Not for SOCKS5.
  [[nodiscard]] proxy with_digest() const;
  [[nodiscard]] bool is_digest_only() const noexcept { return digest_only_; }

  friend bool operator==(const proxy&, const proxy&) = default;

 private:
  proxy() = default;

  kind kind_ = kind::http;
  bool digest_only_ = false;
  std::uint16_t port_ = 0;
  std::string host_;
  std::string username_;
  std::string password_;
};

/// Which proxy is for which URL. Empty: none is.
class proxy_settings {
 public:
  /// Reads a variable of the environment; null if there is none.
  using lookup = function<const char*(const char* name)>;

  proxy_settings() = default;
  /// For all URLs.
  proxy_settings(proxy all) : http_(all), https_(std::move(all)) {}

  /// What the environment says, as curl reads it: `http_proxy` (in lower case only: HTTP_PROXY is what a web server makes of a
  /// request's field Proxy), `https_proxy` or `HTTPS_PROXY`, `all_proxy` or `ALL_PROXY` for both; and `no_proxy` or `NO_PROXY`, see
  /// `except`. Throws `client_error` if one of them is no proxy. Source: curl(1), ENVIRONMENT.
  [[nodiscard]] static proxy_settings from_environment();
  [[nodiscard]] static proxy_settings from_environment(lookup variable);

  /// Hosts to which no proxy leads, separated by commas or blanks: a domain, with or without a dot in front, stands for itself and all
  /// below; addresses stand for themselves, and networks as `10.0.0.0/8` for all in them; `*` is every host. They do not look
  /// names up.
  void except(std::string_view hosts);

  /// Null if none is. It lives as long as the settings.
  [[nodiscard]] const proxy* for_target(const url& target) const;

 private:
  [[nodiscard]] bool is_excepted(std::string_view host) const;

  std::optional<proxy> http_;
  std::optional<proxy> https_;
  std::vector<std::string> except_;
};

}  // namespace hocket::http
