#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hocket::http {

/// What the `Content-Disposition` of a response says.
struct content_disposition {
  std::string type;  ///< in lower case: `attachment`, `inline`, ...
  /// The name to save the content under, in UTF-8 if it came as `filename*`; otherwise the bytes that were sent. It is
  /// the other side's choice: see `safe_filename`.
  std::optional<std::string> filename;

  friend bool operator==(const content_disposition&, const content_disposition&) = default;
};

/// Reads it; nothing if it is malformed, or has a parameter twice. `filename*` counts rather than `filename`, if it is
/// UTF-8 or ISO-8859-1 and well-formed. Source: RFC 6266, 4; RFC 8187.
[[nodiscard]] std::optional<content_disposition> parse_content_disposition(std::string_view field);

/// What the `Content-Disposition` of a part of a form says.
struct form_disposition {
  std::string name;
  std::optional<std::string> filename;

  friend bool operator==(const form_disposition&, const form_disposition&) = default;
};

/// Reads that of a part of `multipart/form-data`; nothing if it is malformed, or has no name. Browsers escape by
/// percent signs (`%22`, `%0D`, `%0A`, which are undone) and send backslashes as they are; others escape by
/// backslashes: one before `"` or another backslash is taken for that. `filename*` has no place here and is passed
/// over.
/// Source: RFC 7578, 4.2; WHATWG HTML, "multipart/form-data encoding algorithm".
[[nodiscard]] std::optional<form_disposition> parse_form_disposition(std::string_view field);

/// The last component of a filename that somebody else has chosen, by slashes and backslashes; without controls.
/// Nothing if nothing is left of it, or a dot or two. It may still name what is there already, and on other systems a
/// device.
/// Source: RFC 6266, 4.3.
[[nodiscard]] std::optional<std::string> safe_filename(std::string_view filename);

}  // namespace hocket::http
