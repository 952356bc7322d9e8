#pragma once

#include <string>
#include <string_view>

namespace hocket::crawl {

/// Makes `decoded` the value that HTML gives to an attribute whose source text, without its quotes, is `source`.
///
/// Character references are replaced, named and numeric, with the standard's rules for attributes: a name without its
/// semicolon stays as written before `=` or an alphanumeric, so that `?a=1&copy=2` keeps its meaning. CR LF and CR
/// become LF, NUL becomes U+FFFD. What a reference stands for is written as UTF-8; all other bytes are passed through.
///
/// No text is an error. The value is at most three times as long as its source, which must not lie in `decoded`.
/// Source: HTML, 13.2.5.72 (character reference state) and after; 13.2.3.5 for the line ends.
void decode_attribute_value(std::string_view source, std::string& decoded);

}  // namespace hocket::crawl
