// Fuzzes the URL parser, and the setters: `base <line end> reference <line end> value`, or a reference
// alone against a base of our own. What comes out must be in normal form (parsing it again, with any base, changes
// nothing), lie within the limit, be plain ASCII, and be the sum of its parts.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <hocket/url/domain.hpp>
#include <hocket/url/form_urlencoded.hpp>
#include <hocket/url/url.hpp>

namespace {

using hocket::url;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The text again, put together from the parts.
std::string joined(const url& whole) {
  std::string text(whole.scheme());
  text += ':';
  if (whole.has_host()) text += "//";
  if (whole.has_credentials()) {
    text += whole.username();
    if (!whole.password().empty()) text.append(":").append(whole.password());
    text += '@';
  }
  text += whole.host();
  if (const auto port = whole.port()) text.append(":").append(std::to_string(*port));
  if (!whole.has_host() && whole.path().starts_with("//")) text += "/.";
  text += whole.path();
  if (whole.has_query()) text.append("?").append(whole.query());
  if (whole.has_fragment()) text.append("#").append(whole.fragment());
  return text;
}

bool is_plain_ascii(std::string_view text, char lowest) {
  for (const char byte : text) {
    if (byte < lowest || byte > '~') return false;
  }
  return true;
}

bool is_path_of(const url& whole) {
  if (whole.has_opaque_path()) return true;
  return whole.path().starts_with('/') || (!whole.is_special() && whole.has_host() && whole.path().empty());
}

void check(const url& result, const url& base) {
  require(result.href().size() <= url::max_size);
  require(is_plain_ascii(result.href(), result.has_opaque_path() ? ' ' : '!'));
  require(joined(result) == result.href());
  require(!result.is_special() || result.has_host());
  require(!result.is_special() || !result.host().empty() || result.scheme() == "file");
  require(result.has_host() || result.host_with_port().empty());
  require(!result.has_opaque_path() || !result.is_special());
  require(is_path_of(result));
  require(url::parse(result.href()) == result);
  require(url::parse(result.href(), base) == result);

  const url fetched = result.without_fragment();
  const bool ends_in_blank = fetched.href().ends_with(' ');  // of an opaque path, which only what follows protects
  require(ends_in_blank || url::parse(fetched.href()) == fetched);
  require(fetched.origin() == result.origin());
  if (result.has_opaque_path()) return;
  require(url::parse("", result) == fetched);
  // A path that begins with two slashes would name a host.
  const bool is_reference = result.path().starts_with('/') && !result.path().starts_with("//");
  require(!is_reference || url::parse(result.request_target(), result) == fetched);
  require(hocket::domain_to_unicode(result.host()).size() <= 4 * url::max_size);
}

constexpr std::array setters = {
    &url::set_scheme, &url::set_username, &url::set_password, &url::set_host,     &url::set_hostname,
    &url::set_port,   &url::set_path,     &url::set_query,    &url::set_fragment,
};

void check_setters(const url& whole, std::string_view value, const url& base) {
  for (const auto setter : setters) {
    url changed = whole;
    const bool taken = (changed.*setter)(value);
    require(taken || changed == whole);
    if (!changed.href().ends_with(' ')) check(changed, base);
  }
}

void check_form(std::string_view text) {
  for (const auto read_as : {hocket::form_text::utf8, hocket::form_text::bytes}) {
    const auto fields = hocket::parse_form_urlencoded(text, {.text = read_as});
    if (!fields) continue;
    const hocket::form_urlencoded_options whole{.size_bytes = SIZE_MAX, .text = read_as};
    require(hocket::parse_form_urlencoded(hocket::serialize_form_urlencoded(*fields), whole) == *fields);
  }
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(line.size() < text.size() ? line.size() + 1 : text.size());
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const url usual_base = url::parse("http://user:secret@example.org:81/docs/a/b.html?q=/1#f").value();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  check_form(rest);
  const bool is_one_line = rest.find('\n') == rest.npos;
  const auto given = take_line(rest);

  const auto given_base = url::parse(given);
  const url& base = given_base ? *given_base : usual_base;
  if (given_base) check(*given_base, usual_base);

  const auto reference = is_one_line ? given : take_line(rest);
  const auto result = url::parse(reference, base);
  if (result) check(*result, base);
  check_setters(result ? *result : base, rest, base);
  return 0;
}
