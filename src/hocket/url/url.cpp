// URLs in one pass, piece by piece.
//
// The standard describes a state machine that looks at one character at a time. Without `file:` and opaque paths its
// states come in a fixed order, so the same result falls out of cutting the text where that machine changes its state:
// scheme, slashes, authority (up to `/`, `\`, `?` or `#`), path, query, fragment. Each piece is then written in normal
// form behind the one before. A relative reference begins with a copy of the base, cut where the reference takes over.
//
// Most links need no change at all. One look at every byte counts those that percent-encoding makes three of; where
// there are none, pieces are copied whole. The count also bounds the result, which is therefore allocated once.

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <hocket/url/detail/byte_set.hpp>
#include <hocket/url/detail/host.hpp>
#include <hocket/url/detail/percent_encode.hpp>
#include <hocket/url/url.hpp>

namespace hocket {
namespace {

using detail::byte_set;

struct special_scheme {
  std::string_view name;
  std::uint16_t default_port;
};

constexpr std::array<special_scheme, 5> special_schemes{{
    {"https", 443},
    {"http", 80},
    {"wss", 443},
    {"ws", 80},
    {"ftp", 21},
}};

constexpr byte_set scheme_characters = detail::ascii_alpha | detail::ascii_digits | byte_set("+-.");
constexpr byte_set slashes("/\\");
constexpr byte_set ends_authority("/\\?#");
constexpr byte_set ends_path("?#");
constexpr byte_set trimmed = detail::ascii_control | byte_set(" ");
constexpr byte_set tabs_and_newlines("\t\n\r");

/// What path, query or fragment may percent-encode. `?` and `#` separate them and are encoded in none.
constexpr byte_set encoded_somewhere =
    (detail::path_percent_encode_set | detail::special_query_percent_encode_set | detail::fragment_percent_encode_set) -
    byte_set("?#");

/// By how much more than its percent-encoded bytes a text may grow: `//`, `/`, and the zeros of a short IP address.
constexpr std::size_t other_growth = 16;

std::size_t count(std::string_view text, const byte_set& set) noexcept {
  std::size_t found = 0;
  for (const char byte : text) found += set.contains(byte);
  return found;
}

/// Where in `text` the first byte of `set` stands; the size of `text` if there is none.
std::size_t find_first(std::string_view text, const byte_set& set) noexcept {
  std::size_t at = 0;
  while (at < text.size() && !set.contains(text[at])) ++at;
  return at;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && trimmed.contains(text.front())) text.remove_prefix(1);
  while (!text.empty() && trimmed.contains(text.back())) text.remove_suffix(1);
  return text;
}

std::string without_tabs_and_newlines(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (const char byte : text) {
    if (!tabs_and_newlines.contains(byte)) kept.push_back(byte);
  }
  return kept;
}

/// The scheme that `text` begins with, without its colon; empty where there is none.
std::string_view leading_scheme(std::string_view text) noexcept {
  if (text.empty() || !detail::ascii_alpha.contains(text.front())) return {};
  std::size_t end = 1;
  while (end < text.size() && scheme_characters.contains(text[end])) ++end;
  return end < text.size() && text[end] == ':' ? text.substr(0, end) : std::string_view();
}

const special_scheme* find_special_scheme(std::string_view name) noexcept {
  const auto same_letter = [](char left, char right) { return detail::to_ascii_lower(left) == right; };
  const auto found = std::ranges::find_if(special_schemes, [&](const special_scheme& scheme) {
    return std::ranges::equal(name, scheme.name, same_letter);
  });
  return found == special_schemes.end() ? nullptr : &*found;
}

bool is_dot(std::string_view text) noexcept { return text == "." || text == "%2e" || text == "%2E"; }

/// How many dots a path segment consists of, written as `.` or `%2e`: 1 or 2; 0 for every other segment.
int dots_of(std::string_view segment) noexcept {
  if (segment.empty() || segment.size() > 6 || (segment.front() != '.' && segment.front() != '%')) return 0;
  if (is_dot(segment)) return 1;
  const std::size_t first = segment.front() == '.' ? 1 : 3;
  return first < segment.size() && is_dot(segment.substr(0, first)) && is_dot(segment.substr(first)) ? 2 : 0;
}

/// Where the colon before the port stands, those of an IPv6 address aside; the size of `text` if there is none.
std::size_t find_port_colon(std::string_view text) noexcept {
  bool in_brackets = false;
  std::size_t at = 0;
  for (; at < text.size() && (text[at] != ':' || in_brackets); ++at) {
    if (text[at] == '[') in_brackets = true;
    if (text[at] == ']') in_brackets = false;
  }
  return at;
}

}  // namespace

/// Writes one URL, part after part, in the order in which they stand.
class url::builder {
 public:
  /// `base` may be null.
  static std::expected<url, url_error> build(std::string_view input, const url* base);

 private:
  using status = std::expected<void, url_error>;

  builder(std::string_view input, std::size_t encoded_bytes, const url* base);

  status write_reference(std::string_view reference);
  status write_absolute(const special_scheme& scheme, std::string_view rest);
  status write_relative(std::string_view reference);
  void copy_base_until(std::size_t end);
  status write_authority(const special_scheme& scheme, std::string_view authority);
  void write_userinfo(std::string_view userinfo);
  status write_host_and_port(const special_scheme& scheme, std::string_view text);
  status write_port(const special_scheme& scheme, std::string_view digits);
  void write_path_query_fragment(std::string_view text);
  void write_path(std::string_view path);
  void drop_last_segment();
  void write_query_fragment(std::string_view text);
  void write(std::string_view text, const byte_set& encoded);
  [[nodiscard]] std::uint32_t end() const noexcept { return out_.href_size(); }

  const url* base_;
  std::size_t room_;   // bytes that the input may grow to, user information aside
  bool copies_whole_;  // no byte of the input needs percent-encoding, user information aside
  url out_;
};

std::expected<url, url_error> url::parse(std::string_view input) { return builder::build(input, nullptr); }

std::expected<url, url_error> url::parse(std::string_view input, const url& base) {
  return builder::build(input, &base);
}

std::string_view url::password() const noexcept {
  const bool present = has_credentials() && href_[at_.username_end] == ':';
  return present ? part(at_.username_end + 1, at_.host_start - 1) : std::string_view();
}

std::optional<std::uint16_t> url::port() const noexcept {
  if (at_.host_end == at_.path_start) return std::nullopt;
  std::uint16_t value = 0;
  std::from_chars(href_.data() + at_.host_end + 1, href_.data() + at_.path_start, value);
  return value;
}

std::uint16_t url::port_or_default() const noexcept {
  const auto explicit_port = port();
  return explicit_port ? *explicit_port : find_special_scheme(scheme())->default_port;
}

std::string url::origin() const {
  std::string text;
  text.reserve(at_.scheme_end + 3 + host_with_port().size());
  text.append(part(0, at_.scheme_end + 3)).append(host_with_port());
  return text;
}

url url::without_fragment() const& {
  url copy;
  copy.href_.assign(href_, 0, at_.fragment_start);
  copy.at_ = at_;
  return copy;
}

url url::without_fragment() && {
  href_.resize(at_.fragment_start);
  return std::move(*this);
}

std::expected<url, url_error> url::builder::build(std::string_view input, const url* base) {
  if (input.size() > max_size) return std::unexpected(url_error::too_long);
  input = trim(input);
  auto encoded_bytes = count(input, encoded_somewhere);  // tabs and line ends among them
  std::string stripped;
  if (encoded_bytes != 0 && count(input, tabs_and_newlines) != 0) {
    stripped = without_tabs_and_newlines(input);
    input = stripped;
    encoded_bytes = count(input, encoded_somewhere);
  }

  builder made(input, encoded_bytes, base);
  if (auto written = made.write_reference(input); !written) return std::unexpected(written.error());
  if (made.out_.href_.size() > max_size) return std::unexpected(url_error::too_long);
  return std::move(made.out_);
}

url::builder::builder(std::string_view input, std::size_t encoded_bytes, const url* base)
    : base_(base), room_(input.size() + 2 * encoded_bytes + other_growth), copies_whole_(encoded_bytes == 0) {}

url::builder::status url::builder::write_reference(std::string_view reference) {
  const auto name = leading_scheme(reference);
  if (name.empty()) {
    if (!base_) return std::unexpected(url_error::no_scheme);
    return write_relative(reference);
  }
  const auto* scheme = find_special_scheme(name);
  if (!scheme) return std::unexpected(url_error::unsupported_scheme);
  const auto rest = reference.substr(name.size() + 1);
  // Behind the scheme of its own base a reference may be relative still: a relic that the standard keeps.
  if (base_ && base_->scheme() == scheme->name) return write_relative(rest);
  return write_absolute(*scheme, rest);
}

/// `rest` begins behind the scheme's colon. Any number of slashes, none included, may stand before the authority.
url::builder::status url::builder::write_absolute(const special_scheme& scheme, std::string_view rest) {
  while (!rest.empty() && slashes.contains(rest.front())) rest.remove_prefix(1);
  const auto authority = rest.substr(0, find_first(rest, ends_authority));
  out_.href_.reserve(room_);
  out_.href_.append(scheme.name);
  out_.at_.scheme_end = end();
  out_.href_.append("://");
  if (auto written = write_authority(scheme, authority); !written) return written;
  write_path_query_fragment(rest.substr(authority.size()));
  return {};
}

url::builder::status url::builder::write_relative(std::string_view reference) {
  const char first = reference.empty() ? '#' : reference.front();
  if (first == '#' || first == '?') {
    copy_base_until(first == '#' ? base_->at_.fragment_start : base_->at_.query_start);
    write_query_fragment(reference);
    return {};
  }
  if (!slashes.contains(first)) {
    copy_base_until(base_->href_.rfind('/', base_->at_.query_start - 1));
  } else if (reference.size() > 1 && slashes.contains(reference[1])) {
    return write_absolute(*find_special_scheme(base_->scheme()), reference);
  } else {
    copy_base_until(base_->at_.path_start);
  }
  write_path_query_fragment(reference);
  return {};
}

/// Precondition: `end` is not before the base's path.
void url::builder::copy_base_until(std::size_t end) {
  out_.href_.reserve(end + room_);
  out_.href_.append(base_->href_, 0, end);
  out_.at_ = base_->at_;  // what `end` cuts off is set when it is written
}

url::builder::status url::builder::write_authority(const special_scheme& scheme, std::string_view authority) {
  const auto sign = authority.rfind('@');
  if (sign != authority.npos) {
    write_userinfo(authority.substr(0, sign));
    authority.remove_prefix(sign + 1);
  } else {
    out_.at_.username_end = out_.at_.host_start = end();
  }
  return write_host_and_port(scheme, authority);
}

void url::builder::write_userinfo(std::string_view userinfo) {
  const auto username = userinfo.substr(0, userinfo.find(':'));
  const auto password = userinfo.substr(std::min(username.size() + 1, userinfo.size()));
  detail::append_percent_encoded(out_.href_, username, detail::userinfo_percent_encode_set);
  out_.at_.username_end = end();
  if (!password.empty()) {
    out_.href_.push_back(':');
    detail::append_percent_encoded(out_.href_, password, detail::userinfo_percent_encode_set);
  }
  if (!username.empty() || !password.empty()) out_.href_.push_back('@');
  out_.at_.host_start = end();
}

url::builder::status url::builder::write_host_and_port(const special_scheme& scheme, std::string_view text) {
  const auto colon = find_port_colon(text);
  const auto host = text.substr(0, colon);
  if (host.empty()) return std::unexpected(url_error::host_missing);
  if (auto written = detail::append_host(out_.href_, host); !written) return written;
  out_.at_.host_end = end();
  if (colon < text.size()) {
    if (auto written = write_port(scheme, text.substr(colon + 1)); !written) return written;
  }
  out_.at_.path_start = end();
  return {};
}

/// `digits` may be empty, or begin with any number of zeros.
url::builder::status url::builder::write_port(const special_scheme& scheme, std::string_view digits) {
  constexpr std::uint32_t above_all_ports = 65536;
  std::uint32_t port = digits.empty() ? scheme.default_port : 0;
  for (const char digit : digits) {
    if (!detail::ascii_digits.contains(digit)) return std::unexpected(url_error::port_invalid);
    port = std::min(port * 10 + detail::hex_value(digit), above_all_ports);
  }
  if (port == above_all_ports) return std::unexpected(url_error::port_out_of_range);
  if (port != scheme.default_port) out_.href_.append(1, ':').append(std::to_string(port));
  return {};
}

void url::builder::write_path_query_fragment(std::string_view text) {
  const auto path = text.substr(0, find_first(text, ends_path));
  write_path(path);
  out_.at_.query_start = end();
  write_query_fragment(text.substr(path.size()));
}

/// Writes the segments of `path` behind those that stand already, if any.
void url::builder::write_path(std::string_view path) {
  if (!path.empty() && slashes.contains(path.front())) path.remove_prefix(1);
  for (;;) {
    const auto segment = path.substr(0, find_first(path, slashes));
    const bool last = segment.size() == path.size();
    const int dots = dots_of(segment);
    if (dots == 2) drop_last_segment();
    if (dots == 0 || last) out_.href_.push_back('/');
    if (dots == 0) write(segment, detail::path_percent_encode_set);
    if (last) return;
    path.remove_prefix(segment.size() + 1);
  }
}

/// Drops the path's last slash and what follows it; an empty path stays.
void url::builder::drop_last_segment() {
  if (end() > out_.at_.path_start) out_.href_.resize(out_.href_.rfind('/'));
}

/// `text` is empty or begins with `?` or `#`. Without a `?` what stands already stays the query.
void url::builder::write_query_fragment(std::string_view text) {
  const auto query = text.substr(0, text.find('#'));
  write(query, detail::special_query_percent_encode_set);
  out_.at_.fragment_start = end();
  write(text.substr(query.size()), detail::fragment_percent_encode_set);
}

void url::builder::write(std::string_view text, const byte_set& encoded) {
  if (copies_whole_)
    out_.href_.append(text);
  else
    detail::append_percent_encoded(out_.href_, text, encoded);
}

}  // namespace hocket
