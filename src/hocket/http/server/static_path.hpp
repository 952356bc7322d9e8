#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace hocket::http {

/// The file that a request target names below the root of a static server, as a relative path: `/a%20b//c.html?q` is
/// `a b/c.html`. Empty for the root; a trailing slash is kept.
///
/// The path has no `.` or `..` segment, no empty segment, no NUL, control character or backslash, and each of its
/// slashes was one in the target: opened below the root it cannot leave it, symbolic links apart (open with
/// RESOLVE_BENEATH). Escapes are decoded once. Names that begin with a dot pass; whether to serve them is the caller's
/// choice.
///
/// Otherwise the status code to answer with: 400 if the target is not in origin-form, has a malformed escape, a control
/// character or a dot segment; 404 if it has an encoded slash or a backslash, which no file served here has in its name.
/// Source: RFC 9112, 3.2.1; RFC 3986, 2.1 and 3.3.
[[nodiscard]] std::expected<std::string, int> static_path(std::string_view target);

}  // namespace hocket::http
