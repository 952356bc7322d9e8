#pragma once

#include <functional>
#include <string_view>

namespace hocket::crawl {

/// Tells each URL in a style sheet or in the declarations of a `style` attribute, in order, escapes decoded: `is_import` of `@import`, by
/// `url()` or a string. Comments and strings are passed over. A URL that is not ended, or that the standard calls bad, is none. Takes linear
/// time. The text is valid during the call.
/// Source: CSS Syntax Level 3, 4.3 (tokenization).
void for_each_css_url(std::string_view css, const std::function<void(bool is_import, std::string_view url)>& found);

}  // namespace hocket::crawl
