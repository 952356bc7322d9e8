// The setters: what the standard's parser does when it starts in the middle, with a "state override".
//
// Each makes the new text of its part first, which may fail, and then replaces the old one in one go and moves the parts
// behind it. So a URL is in normal form before and after, and never between. A path is written by the builder.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include <hocket/url/detail/host.hpp>
#include <hocket/url/detail/percent_encode.hpp>
#include <hocket/url/detail/special_scheme.hpp>
#include <hocket/url/detail/url_builder.hpp>
#include <hocket/url/detail/url_text.hpp>
#include <hocket/url/url.hpp>

namespace hocket {

/// Replaces parts of one URL.
class url::editor {
 public:
  using offset = std::uint32_t offsets::*;

  explicit editor(url& whole) : whole_(whole), at_(whole.at_), scheme_(detail::find_special_scheme(whole.scheme())) {}

  [[nodiscard]] const detail::special_scheme* scheme() const noexcept { return scheme_; }
  [[nodiscard]] bool is_file() const noexcept { return scheme_ == &detail::file_scheme; }
  /// Files, and hosts that are not there or empty, have neither credentials nor a port.
  [[nodiscard]] bool may_have_credentials() const noexcept { return !is_file() && !whole_.host().empty(); }

  bool set_userinfo(std::string_view username, std::string_view password);
  bool set_host(std::string_view host);
  bool set_port(std::string_view digits);
  /// Replaces from `start` to the part `end`, which moves with all behind it.
  bool replace(std::uint32_t start, offset end, std::string_view text);

 private:
  url& whole_;
  offsets& at_;
  const detail::special_scheme* scheme_;
};

namespace {

/// The part in its form, behind its mark; empty for none.
std::string marked(char mark, std::string_view text, const detail::byte_set& encoded) {
  std::string made;
  if (text.empty()) return made;
  if (text.front() == mark) text.remove_prefix(1);
  made.push_back(mark);
  detail::append_percent_encoded(made, detail::without_tabs_and_newlines(text), encoded);
  return made;
}

std::string_view leading_digits(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && detail::ascii_digits.contains(text[size])) ++size;
  return text.substr(0, size);
}

}  // namespace

bool url::editor::replace(std::uint32_t start, offset end, std::string_view text) {
  static constexpr std::array<offset, 7> in_order = {
      &offsets::scheme_end, &offsets::username_end, &offsets::host_start,     &offsets::host_end,
      &offsets::path_start, &offsets::query_start,  &offsets::fragment_start,
  };
  const auto old_end = at_.*end;
  if (whole_.href_.size() - (old_end - start) + text.size() > max_size) return false;
  whole_.href_.replace(start, old_end - start, text);
  const auto moved = static_cast<std::uint32_t>(start + text.size()) - old_end;  // modulo 2^32
  for (auto part = std::ranges::find(in_order, end); part != in_order.end(); ++part) at_.*(*part) += moved;
  return true;
}

bool url::editor::set_userinfo(std::string_view username, std::string_view password) {
  std::string text(username);
  if (!password.empty()) text.append(1, ':').append(password);
  if (!text.empty()) text.push_back('@');
  const auto start = whole_.userinfo_start();
  const auto username_end = static_cast<std::uint32_t>(start + username.size());
  if (!replace(start, &offsets::host_start, text)) return false;
  at_.username_end = username_end;
  return true;
}

/// `host` is in normal form. A URL without one gets its slashes, and its path no longer needs what kept it from passing
/// for a host.
bool url::editor::set_host(std::string_view host) {
  if (whole_.has_host()) return replace(at_.host_start, &offsets::host_end, host);
  const auto slashes = at_.host_start;
  if (!replace(slashes, &offsets::path_start, "//" + std::string(host))) return false;
  at_.username_end = at_.host_start = slashes + 2;
  at_.host_end = at_.path_start;
  return true;
}

bool url::editor::set_port(std::string_view digits) {
  constexpr std::uint32_t above_all_ports = 65536;
  std::uint32_t port = 0;
  for (const char digit : digits) port = std::min(port * 10 + detail::hex_value(digit), above_all_ports);
  if (digits.empty() || port == above_all_ports) return false;
  const bool is_own = scheme_ && port == scheme_->default_port;
  return replace(at_.host_end, &offsets::path_start, is_own ? "" : ":" + std::to_string(port));
}

bool url::set_scheme(std::string_view text) {
  const auto stripped = detail::without_tabs_and_newlines(text);
  const auto name = std::string_view(stripped).substr(0, stripped.find(':'));
  if (name.empty() || !detail::ascii_alpha.contains(name.front())) return false;
  std::string scheme;
  for (const char letter : name) {
    if (!detail::scheme_characters.contains(letter)) return false;
    scheme.push_back(detail::to_ascii_lower(letter));
  }
  editor edit(*this);
  const auto* special = detail::find_special_scheme(scheme);
  if ((special == nullptr) != (edit.scheme() == nullptr)) return false;
  if (special == &detail::file_scheme && (has_credentials() || port())) return false;
  if (edit.is_file() && host().empty()) return false;
  if (special == &detail::file_scheme) {
    // The standard leaves the host "localhost" and "/c|" as they are, which nothing that reads the text again does.
    auto changed = parse(scheme.append(href_, at_.scheme_end));
    if (!changed) return false;
    *this = *std::move(changed);
    return true;
  }
  if (!edit.replace(0, &offsets::scheme_end, scheme)) return false;
  if (special && port() == special->default_port) edit.replace(at_.host_end, &offsets::path_start, "");
  return true;
}

bool url::set_username(std::string_view text) {
  editor edit(*this);
  if (!edit.may_have_credentials()) return false;
  std::string encoded;
  detail::append_percent_encoded(encoded, text, detail::userinfo_percent_encode_set);
  return edit.set_userinfo(encoded, std::string(password()));
}

bool url::set_password(std::string_view text) {
  editor edit(*this);
  if (!edit.may_have_credentials()) return false;
  std::string encoded;
  detail::append_percent_encoded(encoded, text, detail::userinfo_percent_encode_set);
  return edit.set_userinfo(std::string(username()), encoded);
}

bool url::set_host(std::string_view text) {
  editor edit(*this);
  if (edit.is_file()) return set_hostname(text);
  const auto stripped = detail::without_tabs_and_newlines(text);
  const auto& ends = edit.scheme() ? detail::ends_special_authority : detail::ends_other_authority;
  // The colon is looked for first: in brackets it is none, and what would end the authority is just as wrong there.
  const auto authority = std::string_view(stripped).substr(0, detail::find_first(stripped, ends));
  const auto colon = detail::find_port_colon(authority);
  if (colon == authority.size()) return set_hostname(authority);
  if (colon == 0 || !set_hostname(authority.substr(0, colon))) return false;
  const auto digits = leading_digits(authority.substr(colon + 1));
  if (!digits.empty()) editor(*this).set_port(digits);
  return true;
}

bool url::set_hostname(std::string_view text) {
  if (has_opaque_path()) return false;
  editor edit(*this);
  const auto stripped = detail::without_tabs_and_newlines(text);
  const auto& ends = edit.scheme() ? detail::ends_special_authority : detail::ends_other_authority;
  const auto name = std::string_view(stripped).substr(0, detail::find_first(stripped, ends));
  std::string host;
  if (edit.is_file()) {
    if (!name.empty() && !detail::append_host(host, name, true)) return false;
    if (host == "localhost") host.clear();
    return edit.set_host(host);
  }
  if (detail::find_port_colon(name) < name.size()) return false;
  if (name.empty() && (edit.scheme() || has_credentials() || port())) return false;
  if (!name.empty() && !detail::append_host(host, name, edit.scheme() != nullptr)) return false;
  return edit.set_host(host);
}

bool url::set_port(std::string_view text) {
  editor edit(*this);
  if (!edit.may_have_credentials()) return false;
  if (text.empty()) return edit.replace(at_.host_end, &offsets::path_start, "");
  return edit.set_port(leading_digits(detail::without_tabs_and_newlines(text)));
}

bool url::set_path(std::string_view text) {
  if (has_opaque_path() || text.size() > max_size) return false;
  url changed = builder::with_path(*this, detail::without_tabs_and_newlines(text));
  if (changed.href_.size() > max_size) return false;
  *this = std::move(changed);
  return true;
}

bool url::set_query(std::string_view text) {
  const auto& encoded = is_special() ? detail::special_query_percent_encode_set : detail::query_percent_encode_set;
  return editor(*this).replace(at_.query_start, &offsets::fragment_start, marked('?', text, encoded));
}

bool url::set_fragment(std::string_view text) {
  const auto made = marked('#', text, detail::fragment_percent_encode_set);
  if (at_.fragment_start + made.size() > max_size) return false;
  href_.replace(at_.fragment_start, href_.npos, made);
  return true;
}

}  // namespace hocket
