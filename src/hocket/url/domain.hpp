#pragma once

#include <string>
#include <string_view>

namespace hocket {

/// A domain as people read it: labels in Punycode (`xn--bcher-kva.example`) become the letters that they stand for, in
/// UTF-8. For display only: what looks alike need not be alike, and no comparison should be made of it. What is not a
/// domain, or no valid one, is given back as it is.
/// Source: WHATWG URL, "domain to Unicode"; UTS #46.
[[nodiscard]] std::string domain_to_unicode(std::string_view domain);

}  // namespace hocket
