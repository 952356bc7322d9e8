#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <hocket/http/server/router.hpp>

namespace hocket::http {

/// What an error says.
struct error_page {
  int status;
  std::string_view title;   ///< "Not Found"
  std::string_view detail;  ///< text, not HTML; may be empty
};

struct error_pages_options {
  /// Makes the HTML of a page; none: a plain one.
  std::function<std::string(const error_page&)> html{};
  /// Told of what handlers throw that is no `http_error`, which then is a page of 500. None: that goes on to the server, which reports
  /// it and answers with plain text.
  std::function<void(const request&, const std::string&)> on_error{};
};

/// Makes errors a page for browsers (text/html), or an object for programs (application/problem+json, RFC 9457), as Accept asks for it;
/// others get plain text. Errors are `http_error`, and replies of 400 and above without a body.
[[nodiscard]] middleware error_pages(error_pages_options options = {});

/// Text as it may stand in an element or a quoted attribute.
[[nodiscard]] std::string escape_html(std::string_view text);

}  // namespace hocket::http
