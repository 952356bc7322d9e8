#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/url/url_error.hpp>

namespace hocket {

/// An absolute URL of the schemes http, https, ws, wss or ftp, normalised as browsers do it.
///
/// A value that never changes: it holds its text once, in normal form and pure ASCII, and knows where its parts are.
/// Two URLs are equal when their texts are. Parts are views into the URL and die with it (or with a move from it); they
/// stay percent-encoded as they stand in the text. A moved-from URL may only be assigned to or destroyed.
///
///     https://user:secret@example.org:8080/docs/a.html?q=1#top
///     scheme  username    host        port path        query
///                  password                                fragment
///
/// Of the standard two things are missing: hosts that need IDNA processing are refused (`idna_unsupported`), and so are
/// `file:` and the schemes without authority rules (`unsupported_scheme`).
/// Source: the WHATWG URL Standard, https://url.spec.whatwg.org/.
class url {
 public:
  /// No text longer than this is taken or made: 64 KiB.
  static constexpr std::size_t max_size = std::size_t{64} * 1024;

  /// Reads an absolute URL. Blanks and control characters around it and tabs and line ends within are dropped, as the
  /// standard demands. `input` should be UTF-8; other bytes of path, query and fragment are percent-encoded as they are.
  /// Linear in the size of `input`, with one allocation in ordinary cases.
  [[nodiscard]] static std::expected<url, url_error> parse(std::string_view input);

  /// The same for any reference (`../a.html`, `?page=2`, `//example.org/`, an absolute URL), resolved against `base`.
  /// `input` may be part of `base`.
  [[nodiscard]] static std::expected<url, url_error> parse(std::string_view input, const url& base);

  /// The whole URL, null-terminated.
  [[nodiscard]] const std::string& href() const noexcept { return href_; }

  /// In lower case and without the colon: "https".
  [[nodiscard]] std::string_view scheme() const noexcept { return part(0, at_.scheme_end); }
  [[nodiscard]] std::string_view username() const noexcept { return part(at_.scheme_end + 3, at_.username_end); }
  /// Empty where there is none; the normal form drops an empty one.
  [[nodiscard]] std::string_view password() const noexcept;
  [[nodiscard]] bool has_credentials() const noexcept { return at_.host_start != at_.scheme_end + 3; }

  /// A domain in lower case, an IPv4 address in four decimal parts, or an IPv6 address in brackets. Never empty.
  [[nodiscard]] std::string_view host() const noexcept { return part(at_.host_start, at_.host_end); }
  /// The port, if it is not the scheme's own.
  [[nodiscard]] std::optional<std::uint16_t> port() const noexcept;
  /// The port to connect to: `port()` or the scheme's own (80, 443 or 21).
  [[nodiscard]] std::uint16_t port_or_default() const noexcept;
  /// "example.org:8080", or "example.org" where the port is the scheme's own: what a Host header says.
  [[nodiscard]] std::string_view host_with_port() const noexcept { return part(at_.host_start, at_.path_start); }
  /// Scheme, host and port, without credentials: "https://example.org:8080".
  [[nodiscard]] std::string origin() const;

  /// Begins with `/` always.
  [[nodiscard]] std::string_view path() const noexcept { return part(at_.path_start, at_.query_start); }
  /// Without the `?`; empty where there is none, which `has_query` tells from `/path?`.
  [[nodiscard]] std::string_view query() const noexcept {
    return part(at_.query_start + has_query(), at_.fragment_start);
  }
  [[nodiscard]] bool has_query() const noexcept { return at_.query_start != at_.fragment_start; }
  /// Without the `#`; empty where there is none, which `has_fragment` tells from `/path#`.
  [[nodiscard]] std::string_view fragment() const noexcept {
    return part(at_.fragment_start + has_fragment(), href_size());
  }
  [[nodiscard]] bool has_fragment() const noexcept { return at_.fragment_start != href_size(); }
  /// Path and query as a request line carries them: "/docs/a.html?q=1".
  [[nodiscard]] std::string_view request_target() const noexcept { return part(at_.path_start, at_.fragment_start); }

  /// The same URL up to its fragment: what is fetched.
  [[nodiscard]] url without_fragment() const&;
  [[nodiscard]] url without_fragment() &&;

  friend bool operator==(const url& left, const url& right) noexcept { return left.href_ == right.href_; }
  friend std::strong_ordering operator<=>(const url& left, const url& right) noexcept {
    return left.href_ <=> right.href_;
  }

 private:
  class builder;
  url() = default;

  [[nodiscard]] std::string_view part(std::size_t start, std::size_t end) const noexcept {
    return {href_.data() + start, end - start};
  }
  [[nodiscard]] std::uint32_t href_size() const noexcept { return static_cast<std::uint32_t>(href_.size()); }

  // https://user:secret@example.org:8080/docs/a.html?q=1#top
  //      ^ scheme_end   ^ host_start    ^ path_start    ^ fragment_start
  //             ^ username_end     ^ host_end       ^ query_start
  // A part that is missing ends where it starts.
  struct offsets {
    std::uint32_t scheme_end = 0;
    std::uint32_t username_end = 0;
    std::uint32_t host_start = 0;
    std::uint32_t host_end = 0;
    std::uint32_t path_start = 0;
    std::uint32_t query_start = 0;
    std::uint32_t fragment_start = 0;
  };

  std::string href_;
  offsets at_;
};

}  // namespace hocket

/// By the whole text; the same in every run.
template <>
struct std::hash<hocket::url> {
  [[nodiscard]] std::size_t operator()(const hocket::url& value) const noexcept {
    return std::hash<std::string_view>{}(value.href());
  }
};
