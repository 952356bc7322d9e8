// Fuzzes the URL parser: `base <line end> reference`, or a reference alone against a base of our own.
// What comes out must be in normal form (parsing it again, with any base, changes nothing), lie within the limit, be
// plain ASCII, and be the sum of its parts.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <hocket/url/url.hpp>

namespace {

using hocket::url;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The text again, put together from the parts.
std::string joined(const url& whole) {
  std::string text(whole.scheme());
  text += "://";
  if (whole.has_credentials()) {
    text += whole.username();
    if (!whole.password().empty()) text.append(":").append(whole.password());
    text += '@';
  }
  text += whole.host();
  if (const auto port = whole.port()) text.append(":").append(std::to_string(*port));
  text += whole.path();
  if (whole.has_query()) text.append("?").append(whole.query());
  if (whole.has_fragment()) text.append("#").append(whole.fragment());
  return text;
}

bool is_plain_ascii(std::string_view text) {
  for (const char byte : text) {
    if (byte <= ' ' || byte > '~') return false;
  }
  return true;
}

void check(const url& result, const url& base) {
  require(result.href().size() <= url::max_size);
  require(is_plain_ascii(result.href()));
  require(joined(result) == result.href());
  require(!result.host().empty());
  require(result.path().starts_with('/'));
  require(url::parse(result.href()) == result);
  require(url::parse(result.href(), base) == result);

  const url fetched = result.without_fragment();
  require(url::parse(fetched.href()) == fetched);
  require(url::parse("", result) == fetched);
  // A path that begins with two slashes would name a host.
  require(result.path().starts_with("//") || url::parse(result.request_target(), result) == fetched);
  require(fetched.origin() == result.origin());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const url usual_base = url::parse("http://user:secret@example.org:81/docs/a/b.html?q=/1#f").value();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line_end = text.find('\n');

  const auto given_base = url::parse(text.substr(0, line_end));
  const url& base = given_base ? *given_base : usual_base;
  if (given_base) check(*given_base, usual_base);

  const auto reference = line_end == text.npos ? text : text.substr(line_end + 1);
  if (const auto result = url::parse(reference, base)) check(*result, base);
  return 0;
}
