// URLs in one pass, piece by piece.
//
// The standard describes a state machine that looks at one character at a time. Its states come in an order that the
// scheme and the first slashes decide, so the same result falls out of cutting the text where that machine changes its
// state: scheme, slashes, authority (up to `/`, `\`, `?` or `#`), path, query, fragment. Each piece is then written in
// normal form behind the one before. A relative reference begins with a copy of the base, cut where the reference takes
// over. Schemes that are not special differ in that `\` is no slash, that the host is any text, and that host or path
// may be missing; `file` in that a drive letter is never a host, and never climbed over.
//
// Most links need no change at all. One look at every byte finds out whether percent-encoding makes three of any; where
// it does not, pieces are copied whole. How many there are bounds the result, which is therefore allocated once.

#include <algorithm>
#include <utility>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <hocket/url/detail/host.hpp>
#include <hocket/url/detail/percent_encode.hpp>
#include <hocket/url/detail/url_builder.hpp>
#include <hocket/url/detail/url_text.hpp>

namespace hocket {
namespace {

using detail::byte_set;
using detail::find_first;

constexpr byte_set trimmed = detail::ascii_control | byte_set(" ");

/// What path, query or fragment may percent-encode. `?` and `#` separate them and are encoded in none.
constexpr byte_set encoded_somewhere =
    (detail::path_percent_encode_set | detail::special_query_percent_encode_set | detail::fragment_percent_encode_set) -
    byte_set("?#");

/// True if `text` holds a byte of `encoded_somewhere`.
bool needs_encoding(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
#if defined(__SSE2__)
  static_assert(detail::count("\x20\x7f\x80\xff\"'<>^`{}", encoded_somewhere) == 12);
  for (; end - at >= 16; at += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto is = [&](char byte) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(byte)); };
    const __m128i control_or_non_ascii = _mm_cmplt_epi8(block, _mm_set1_epi8('!'));  // bytes above 7F are negative
    if (_mm_movemask_epi8(control_or_non_ascii | is('\x7f') | is('"') | is('\'') | is('<') | is('>') | is('^') |
                          is('`') | is('{') | is('}')) != 0)
      return true;
  }
#endif
  for (; at != end; ++at) {
    if (encoded_somewhere.contains(*at)) return true;
  }
  return false;
}

/// By how much more than its percent-encoded bytes a text may grow: `//`, `/`, and the zeros of a short IP address.
constexpr std::size_t other_growth = 16;

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && trimmed.contains(text.front())) text.remove_prefix(1);
  while (!text.empty() && trimmed.contains(text.back())) text.remove_suffix(1);
  return text;
}

/// What `text` begins with that is a scheme if a colon follows; empty if it begins with no letter.
std::string_view leading_name(std::string_view text) noexcept {
  if (text.empty() || !detail::ascii_alpha.contains(text.front())) return {};
  std::size_t end = 1;
  while (end < text.size() && detail::scheme_characters.contains(text[end])) ++end;
  return text.substr(0, end);
}

bool is_dot(std::string_view text) noexcept { return text == "." || text == "%2e" || text == "%2E"; }

/// How many dots a path segment consists of, written as `.` or `%2e`: 1 or 2; 0 for every other segment.
int dots_of(std::string_view segment) noexcept {
  if (segment.empty() || segment.size() > 6 || (segment.front() != '.' && segment.front() != '%')) return 0;
  if (is_dot(segment)) return 1;
  const std::size_t first = segment.front() == '.' ? 1 : 3;
  return first < segment.size() && is_dot(segment.substr(0, first)) && is_dot(segment.substr(first)) ? 2 : 0;
}

/// `/C:`, of which no `..` takes anything away.
bool is_drive_path(std::string_view path) noexcept {
  return path.size() == 3 && detail::ascii_alpha.contains(path[1]) && path[2] == ':';
}

}  // namespace

std::expected<url, url_error> url::builder::build(std::string_view input, const url* base,
                                                  const query_encoder* encoder) {
  if (input.size() > max_size) return std::unexpected(url_error::too_long);
  input = trim(input);
  std::size_t encoded_bytes = 0;
  std::string stripped;
  if (needs_encoding(input)) {
    if (detail::count(input, detail::tabs_and_newlines) != 0) {
      stripped = detail::without_tabs_and_newlines(input);
      input = stripped;
    }
    encoded_bytes = detail::count(input, encoded_somewhere);
  }

  builder made(input, encoded_bytes, base, encoder);
  if (auto written = made.write_reference(input); !written) return std::unexpected(written.error());
  if (!made.out_.has_host()) made.keep_path_from_passing_for_host();
  if (made.out_.href_.size() > max_size) return std::unexpected(url_error::too_long);
  return std::move(made.out_);
}

url url::builder::with_path(const url& whole, std::string_view path) {
  builder made(path, path.size(), &whole, nullptr);
  made.scheme_ = detail::find_special_scheme(whole.scheme());
  made.copy_base_until(whole.at_.path_start);
  if (made.is_special() || !whole.has_host() || !path.empty()) made.write_path(path);
  const auto moved = made.end() - whole.at_.query_start;  // modulo 2^32
  made.out_.at_.query_start = whole.at_.query_start + moved;
  made.out_.at_.fragment_start = whole.at_.fragment_start + moved;
  made.out_.href_.append(whole.href_, whole.at_.query_start);
  if (!whole.has_host()) made.keep_path_from_passing_for_host();
  return std::move(made.out_);
}

url::builder::builder(std::string_view input, std::size_t encoded_bytes, const url* base, const query_encoder* encoder)
    : base_(base),
      encoder_(encoder),
      room_(input.size() + 2 * encoded_bytes + other_growth),
      copies_whole_(encoded_bytes == 0) {}

url::builder::status url::builder::write_reference(std::string_view reference) {
  const auto name = leading_name(reference);
  const char next = name.size() < reference.size() ? reference[name.size()] : '#';
  if (name.empty() || next != ':') {
    if (!base_) return std::unexpected(url_error::no_scheme);
    if (base_->has_opaque_path() && !reference.starts_with('#')) return std::unexpected(url_error::opaque_base);
    scheme_ = detail::find_special_scheme(base_->scheme());
    if (name.empty() || (next != '#' && next != '?')) return write_relative(reference);
    write_sibling(name, reference.substr(name.size()));
    return {};
  }
  scheme_ = detail::find_special_scheme(name);
  const auto rest = reference.substr(name.size() + 1);
  if (!scheme_) return write_not_special(name, rest);
  // Behind the scheme of its own base a reference may be relative still: a relic that the standard keeps.
  if (base_ && base_->scheme() == scheme_->name) return write_relative(rest);
  base_ = nullptr;
  return is_file() ? write_file(rest) : write_absolute(rest);
}

/// `rest` begins behind the scheme's colon. Any number of slashes, none included, may stand before the authority.
url::builder::status url::builder::write_absolute(std::string_view rest) {
  while (!rest.empty() && detail::slashes.contains(rest.front())) rest.remove_prefix(1);
  out_.href_.reserve(room_);
  out_.href_.append(scheme_->name);
  out_.at_.scheme_end = end();
  out_.href_.append("://");
  if (const auto size = detail::leading_plain_domain(rest); size != 0) {
    out_.at_.username_end = out_.at_.host_start = end();
    out_.href_.append(rest, 0, size);
    out_.at_.host_end = out_.at_.path_start = end();
    write_path_query_fragment(rest.substr(size));
    return {};
  }
  const auto authority = rest.substr(0, find_first(rest, detail::ends_special_authority));
  if (auto written = write_authority(authority); !written) return written;
  write_path_query_fragment(rest.substr(authority.size()));
  return {};
}

/// `name` is a segment that stays as it is, `rest` empty or what follows a path. Most links of a page are such.
void url::builder::write_sibling(std::string_view name, std::string_view rest) {
  copy_base_until_last_segment();
  out_.href_.append(1, '/').append(name);
  out_.at_.query_start = end();
  write_query_fragment(rest);
}

/// Of the base's own scheme.
url::builder::status url::builder::write_relative(std::string_view reference) {
  const char first = reference.empty() ? '#' : reference.front();
  if (first == '#' || first == '?') {
    copy_base_until(first == '#' ? base_->at_.fragment_start : base_->at_.query_start);
    write_query_fragment(reference);
    return {};
  }
  if (is_file()) return write_file(reference);
  if (!is_slash(first)) {
    copy_base_until_last_segment();
  } else if (reference.size() > 1 && is_slash(reference[1])) {
    return is_special() ? write_absolute(reference) : write_not_special(base_->scheme(), reference);
  } else {
    copy_base_until(base_->at_.path_start);
  }
  write_path_query_fragment(reference);
  return {};
}

/// `rest` begins behind the scheme's colon.
url::builder::status url::builder::write_not_special(std::string_view name, std::string_view rest) {
  out_.href_.reserve(name.size() + room_);
  for (const char letter : name) out_.href_.push_back(detail::to_ascii_lower(letter));
  out_.at_.scheme_end = end();
  out_.href_.push_back(':');
  if (rest.starts_with("//")) {
    out_.href_.append("//");
    rest.remove_prefix(2);
    const auto authority = rest.substr(0, find_first(rest, detail::ends_other_authority));
    if (auto written = write_authority(authority); !written) return written;
    write_path_query_fragment(rest.substr(authority.size()));
    return {};
  }
  begin_without_host();
  if (rest.starts_with('/')) {
    write_path_query_fragment(rest);
    return {};
  }
  const auto path = rest.substr(0, find_first(rest, detail::ends_path));
  write(path, detail::c0_control_percent_encode_set);
  if (path.size() < rest.size() && out_.href_.ends_with(' ')) out_.href_.replace(end() - 1, 1, "%20");
  out_.at_.query_start = end();
  write_query_fragment(rest.substr(path.size()));
  return {};
}

/// `reference` begins behind the scheme, if there is one; the base, if any, is a file too.
url::builder::status url::builder::write_file(std::string_view reference) {
  const bool from_root = !reference.empty() && is_slash(reference.front());
  if (from_root && reference.size() > 1 && is_slash(reference[1])) return write_file_host(reference.substr(2));
  if (!base_) {
    begin_file();
  } else if (from_root) {
    copy_base_until(base_->at_.path_start);
    const auto base_path = base_->path();
    const auto drive = base_path.substr(0, 3);
    const bool keeps_drive = is_drive_path(drive) && (base_path.size() == 3 || base_path[3] == '/');
    if (keeps_drive && !detail::starts_with_drive_letter(reference.substr(1))) out_.href_.append(drive);
  } else if (detail::starts_with_drive_letter(reference)) {
    copy_base_until(base_->at_.path_start);
  } else {
    copy_base_until_last_segment();
  }
  write_path_query_fragment(reference);
  return {};
}

url::builder::status url::builder::write_file_host(std::string_view text) {
  const auto host = text.substr(0, find_first(text, detail::ends_special_authority));
  begin_file();
  if (!host.empty() && !detail::is_drive_letter(host)) {
    if (auto written = detail::append_host(out_.href_, host, true); !written) return written;
    if (std::string_view(out_.href_).substr(out_.at_.host_start) == "localhost") out_.href_.resize(out_.at_.host_start);
    out_.at_.host_end = out_.at_.path_start = end();
    text.remove_prefix(host.size());
  }
  write_path_query_fragment(text);
  return {};
}

void url::builder::begin_file() {
  out_.href_.reserve(detail::file_scheme.name.size() + room_);
  out_.href_.append("file://");
  out_.at_.scheme_end = static_cast<std::uint32_t>(detail::file_scheme.name.size());
  out_.at_.username_end = out_.at_.host_start = out_.at_.host_end = out_.at_.path_start = end();
}

/// Behind the colon.
void url::builder::begin_without_host() {
  out_.at_.username_end = out_.at_.host_start = out_.at_.host_end = out_.at_.path_start = end();
}

/// Precondition: `end` is not before the base's path.
void url::builder::copy_base_until(std::size_t end) {
  out_.href_.reserve(end + room_);
  out_.href_.append(base_->href_, 0, end);
  out_.at_ = base_->at_;  // what `end` cuts off is set when it is written
  if (out_.at_.path_start == out_.at_.host_end || base_->has_host()) return;
  const auto guard = out_.at_.path_start - out_.at_.host_end;
  out_.href_.erase(out_.at_.host_end, guard);  // whether the new path needs it will be seen
  out_.at_.path_start -= guard;
  out_.at_.query_start -= guard;
  out_.at_.fragment_start -= guard;
}

void url::builder::copy_base_until_last_segment() {
  const auto& at = base_->at_;
  const bool keeps_all = at.path_start == at.query_start || (is_file() && is_drive_path(base_->path()));
  copy_base_until(keeps_all ? at.query_start : base_->href_.rfind('/', at.query_start - 1));
}

url::builder::status url::builder::write_authority(std::string_view authority) {
  const auto sign = authority.rfind('@');
  if (sign != authority.npos) {
    write_userinfo(authority.substr(0, sign));
    authority.remove_prefix(sign + 1);
  } else {
    out_.at_.username_end = out_.at_.host_start = end();
  }
  return write_host_and_port(authority, sign != authority.npos);
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

url::builder::status url::builder::write_host_and_port(std::string_view text, bool has_userinfo) {
  const auto colon = detail::find_port_colon(text);
  const auto host = text.substr(0, colon);
  const bool may_be_empty = !is_special() && !has_userinfo && text.empty();
  if (host.empty() && !may_be_empty) return std::unexpected(url_error::host_missing);
  if (!host.empty()) {
    if (auto written = detail::append_host(out_.href_, host, is_special()); !written) return written;
  }
  out_.at_.host_end = end();
  if (colon < text.size()) {
    if (auto written = write_port(text.substr(colon + 1)); !written) return written;
  }
  out_.at_.path_start = end();
  return {};
}

/// `digits` may be empty, or begin with any number of zeros.
url::builder::status url::builder::write_port(std::string_view digits) {
  constexpr std::uint32_t above_all_ports = 65536;
  std::uint32_t port = 0;
  for (const char digit : digits) {
    if (!detail::ascii_digits.contains(digit)) return std::unexpected(url_error::port_invalid);
    port = std::min(port * 10 + detail::hex_value(digit), above_all_ports);
  }
  if (port == above_all_ports) return std::unexpected(url_error::port_out_of_range);
  const bool is_own = is_special() && port == scheme_->default_port;
  if (!digits.empty() && !is_own) out_.href_.append(1, ':').append(std::to_string(port));
  return {};
}

void url::builder::write_path_query_fragment(std::string_view text) {
  const auto path = text.substr(0, find_first(text, detail::ends_path));
  if (is_special() || !path.empty()) write_path(path);
  out_.at_.query_start = end();
  write_query_fragment(text.substr(path.size()));
}

/// Writes the segments of `path` behind those that stand already, if any.
void url::builder::write_path(std::string_view path) {
  const byte_set& separators = is_special() ? detail::slashes : detail::only_slash;
  if (!path.empty() && separators.contains(path.front())) path.remove_prefix(1);
  for (;;) {
    const auto segment = path.substr(0, find_first(path, separators));
    const bool last = segment.size() == path.size();
    const int dots = dots_of(segment);
    if (dots == 2) drop_last_segment();
    const bool is_drive = is_file() && end() == out_.at_.path_start && detail::is_drive_letter(segment);
    if (dots == 0 || last) out_.href_.push_back('/');
    if (is_drive) {
      out_.href_.append(1, segment.front()).append(1, ':');
    } else if (dots == 0) {
      write(segment, detail::path_percent_encode_set);
    }
    if (last) return;
    path.remove_prefix(segment.size() + 1);
  }
}

/// Drops the path's last slash and what follows it; an empty path stays, and so does a drive letter.
void url::builder::drop_last_segment() {
  const auto path = std::string_view(out_.href_).substr(out_.at_.path_start);
  if (path.empty() || (is_file() && is_drive_path(path))) return;
  out_.href_.resize(out_.href_.rfind('/'));
}

/// Of a URL without a host.
void url::builder::keep_path_from_passing_for_host() {
  if (!out_.path().starts_with("//")) return;
  constexpr std::string_view guard = "/.";
  out_.href_.insert(out_.at_.path_start, guard);
  out_.at_.path_start += static_cast<std::uint32_t>(guard.size());
  out_.at_.query_start += static_cast<std::uint32_t>(guard.size());
  out_.at_.fragment_start += static_cast<std::uint32_t>(guard.size());
}

/// `text` is empty or begins with `?` or `#`. Without a `?` what stands already stays the query.
void url::builder::write_query_fragment(std::string_view text) {
  const auto query = text.substr(0, text.find('#'));
  if (encoder_ && !copies_whole_ && is_special() && scheme_->takes_encoding) {
    write_encoded_query(query);
  } else {
    write(query, is_special() ? detail::special_query_percent_encode_set : detail::query_percent_encode_set);
  }
  out_.at_.fragment_start = end();
  write(text.substr(query.size()), detail::fragment_percent_encode_set);
}

void url::builder::write_encoded_query(std::string_view query) {
  std::string bytes;
  std::vector<query_encoder::missing_character> missing;
  encoder_->encode(query, bytes, missing);
  std::size_t written = 0;
  const auto write_until = [&](std::size_t at) {
    detail::append_percent_encoded(out_.href_, std::string_view(bytes).substr(written, at - written),
                                   detail::special_query_percent_encode_set);
    written = at;
  };
  for (const auto& each : missing) {
    write_until(each.at);
    out_.href_.append("%26%23").append(std::to_string(static_cast<std::uint32_t>(each.character))).append("%3B");
  }
  write_until(bytes.size());
}

void url::builder::write(std::string_view text, const byte_set& encoded) {
  if (copies_whole_)
    out_.href_.append(text);
  else
    detail::append_percent_encoded(out_.href_, text, encoded);
}

}  // namespace hocket
