#pragma once

#include <cstddef>
#include <optional>

#include <hocket/text/encoding.hpp>

namespace hocket::http {

/// How the bytes of a body become text. A byte order mark decides, whatever else is said.
struct text_options {
  /// Of the body, as `response::read` gives it. Its text can take three times as many bytes, where each of them becomes U+FFFD.
  std::size_t limit_bytes = 64 * 1024 * 1024;
  /// In place of what Content-Type says; `encoding_for_label` finds one by its label. Nothing: Content-Type decides.
  std::optional<hocket::encoding> encoding{};
  /// Where nobody has said it: by what the document declares of itself (`<meta charset>`), or by its bytes, instead of UTF-8. Slow.
  bool detect = false;
  /// Bytes that mean nothing are a `text_decoding_error`, instead of U+FFFD.
  bool strict = false;
};

}  // namespace hocket::http
