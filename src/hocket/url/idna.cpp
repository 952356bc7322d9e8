// International domain names, by ICU's implementation of UTS #46.
//
// ICU checks more than the standard wants and reports each finding as a bit, so what the standard does not ask for is
// masked out. The tables are those of ICU's Unicode version; a newer one maps more characters.

#include <memory>

#include <unicode/uidna.h>

#include <hocket/url/detail/idna.hpp>
#include <hocket/url/domain.hpp>

namespace hocket {
namespace {

constexpr std::uint32_t not_asked_for = UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN |
                                        UIDNA_ERROR_HYPHEN_3_4 | UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG |
                                        UIDNA_ERROR_DOMAIN_NAME_TOO_LONG;

/// Never closed: threads may use it until the very end. Null only if ICU lacks its data.
const UIDNA* rules() {
  static const UIDNA* const opened = [] {
    UErrorCode status = U_ZERO_ERROR;
    return uidna_openUTS46(
        UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
        &status);
  }();
  return opened;
}

using conversion = std::int32_t(const UIDNA*, const char*, std::int32_t, char*, std::int32_t, UIDNAInfo*, UErrorCode*);

/// Appends what `convert` makes of `domain`; false if that breaks a rule.
bool append_converted(std::string& out, std::string_view domain, conversion* convert) {
  if (!rules()) return false;
  const auto start = out.size();
  const auto length = static_cast<std::int32_t>(domain.size());
  auto room = length * 2 + 64;
  for (;;) {
    out.resize(start + static_cast<std::size_t>(room));
    UIDNAInfo found = UIDNA_INFO_INITIALIZER;
    UErrorCode status = U_ZERO_ERROR;
    const auto size = convert(rules(), domain.data(), length, out.data() + start, room, &found, &status);
    if (status == U_BUFFER_OVERFLOW_ERROR && size > room) {
      room = size;
      continue;
    }
    if (U_FAILURE(status) || (found.errors & ~not_asked_for) != 0) return false;
    out.resize(start + static_cast<std::size_t>(size));
    return true;
  }
}

}  // namespace

bool detail::append_ascii_domain(std::string& out, std::string_view domain) {
  return append_converted(out, domain, uidna_nameToASCII_UTF8);
}

std::string domain_to_unicode(std::string_view domain) {
  std::string text;
  return append_converted(text, domain, uidna_nameToUnicodeUTF8) ? text : std::string(domain);
}

}  // namespace hocket
