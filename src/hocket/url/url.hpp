#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/url/query_encoder.hpp>
#include <hocket/url/url_error.hpp>

namespace hocket {

/// An absolute URL of any scheme, normalised as browsers do it.
///
/// A value: it holds its text once, in normal form and pure ASCII, and knows where its parts are. Two URLs are equal when
/// their texts are. Parts are views into the URL and die with it, with a move from it and with a setter; they stay
/// percent-encoded as they stand in the text. A moved-from URL may only be assigned to or destroyed.
///
///     https://user:secret@example.org:8080/docs/a.html?q=1#top
///     scheme  username    host        port path        query
///                  password                                fragment
///
/// The *special* schemes (http, https, ws, wss, ftp, file) have a host and a path that begins with `/`; the host of a file
/// may be empty. Others may have no host (`foo:/bar`), or an *opaque* path, one without structure (`mailto:me@example.org`).
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

  /// The same for a reference that stands in a document which is not UTF-8: `input` is UTF-8, and a query of the schemes
  /// http, https, ftp and file is written in the encoding of `encoder` before it is percent-encoded.
  [[nodiscard]] static std::expected<url, url_error> parse(std::string_view input, const url& base,
                                                           const query_encoder& encoder);

  /// The whole URL, null-terminated.
  [[nodiscard]] const std::string& href() const noexcept { return href_; }

  /// In lower case and without the colon: "https".
  [[nodiscard]] std::string_view scheme() const noexcept { return part(0, at_.scheme_end); }
  /// True for http, https, ws, wss, ftp and file.
  [[nodiscard]] bool is_special() const noexcept;
  [[nodiscard]] std::string_view username() const noexcept { return part(userinfo_start(), at_.username_end); }
  /// Empty where there is none; the normal form drops an empty one.
  [[nodiscard]] std::string_view password() const noexcept;
  [[nodiscard]] bool has_credentials() const noexcept { return at_.host_start != userinfo_start(); }

  /// A domain in lower case, an IPv4 address in four decimal parts, an IPv6 address in brackets; for schemes that are not
  /// special whatever stands there, percent-encoded. Empty where there is none, which `has_host` tells from `foo:///`.
  /// Never empty for http, https, ws, wss and ftp.
  [[nodiscard]] std::string_view host() const noexcept { return part(at_.host_start, at_.host_end); }
  [[nodiscard]] bool has_host() const noexcept { return at_.username_end > at_.scheme_end + 1; }
  /// The port, if it is not the scheme's own.
  [[nodiscard]] std::optional<std::uint16_t> port() const noexcept;
  /// The port to connect to: `port()` or the scheme's own (80, 443 or 21); 0 if there is neither.
  [[nodiscard]] std::uint16_t port_or_default() const noexcept;
  /// "example.org:8080", or "example.org" where the port is the scheme's own: what a Host header says.
  [[nodiscard]] std::string_view host_with_port() const noexcept {
    return part(at_.host_start, has_host() ? at_.path_start : at_.host_end);
  }
  /// Scheme, host and port, without credentials: "https://example.org:8080". For a `blob:` that of the http(s) URL within.
  /// "null" for all other schemes, `file` among them: nothing shares their origin, not even the same URL.
  [[nodiscard]] std::string origin() const;

  /// Begins with `/`, but that it may be empty behind the host of a scheme that is not special, and is any text, blanks
  /// included, if it is opaque.
  [[nodiscard]] std::string_view path() const noexcept { return part(at_.path_start, at_.query_start); }
  [[nodiscard]] bool has_opaque_path() const noexcept { return !has_host() && href_[at_.path_start] != '/'; }
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

  // The setters change one part, as those of the DOM do: each takes text as people write it, normalises it, and leaves the
  // URL as it was where the standard ignores the text; then it returns false. So it does where the whole would get longer
  // than `max_size`. Where the text goes on after the part, the rest is ignored (`set_scheme("https://")`).
  // Source: WHATWG URL, section 6.1 "URL class".

  /// Not from a special scheme to one that is none, nor back. The new scheme's own port goes; a file's URL gets a file's form.
  bool set_scheme(std::string_view text);
  bool set_username(std::string_view text);
  bool set_password(std::string_view text);
  /// Host, and port if `text` has one.
  bool set_host(std::string_view text);
  /// Host only: a text with a port is ignored.
  bool set_hostname(std::string_view text);
  /// Empty: none but the scheme's own. Digits behind which something else stands are taken.
  bool set_port(std::string_view text);
  /// `?` and `#` are part of the path and percent-encoded. An opaque path cannot be set.
  bool set_path(std::string_view text);
  /// With or without the `?` in front; empty removes the query, "?" makes it empty.
  bool set_query(std::string_view text);
  /// With or without the `#` in front; empty removes the fragment, "#" makes it empty.
  bool set_fragment(std::string_view text);

  friend bool operator==(const url& left, const url& right) noexcept { return left.href_ == right.href_; }
  friend std::strong_ordering operator<=>(const url& left, const url& right) noexcept {
    return left.href_ <=> right.href_;
  }

 private:
  class builder;
  class editor;
  url() = default;

  [[nodiscard]] std::string_view part(std::size_t start, std::size_t end) const noexcept {
    return {href_.data() + start, end - start};
  }
  [[nodiscard]] std::uint32_t href_size() const noexcept { return static_cast<std::uint32_t>(href_.size()); }
  [[nodiscard]] std::uint32_t userinfo_start() const noexcept {
    return at_.username_end < at_.scheme_end + 3 ? at_.username_end : at_.scheme_end + 3;
  }

  // https://user:secret@example.org:8080/docs/a.html?q=1#top
  //      ^ scheme_end   ^ host_start    ^ path_start    ^ fragment_start
  //             ^ username_end     ^ host_end       ^ query_start
  // A part that is missing ends where it starts. Without a host, and so without slashes, username_end, host_start and
  // host_end stand behind the colon, and so does path_start, but in `foo:/.//bar`: the path is `//bar`, and `/.` keeps it
  // from passing for a host.
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
