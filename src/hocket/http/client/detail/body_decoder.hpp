#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <hocket/http/coding/content_decoder.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// Undoes the content codings of an answer, piece by piece.
class body_decoder {
 public:
  /// Null if there is none to undo, or one that is unknown. Throws `content_decoding_error` if there are too many, or the field is
  /// malformed.
  [[nodiscard]] static std::unique_ptr<body_decoder> make(const headers& fields, const content_decoder_limits& limits);

  /// The next of what has been given, valid until the next call; empty if more is needed. Throws `content_decoding_error`.
  [[nodiscard]] std::string_view take();
  /// A piece as it came, to be kept until all of it is taken. Precondition: all that was given before is taken.
  void give(std::string_view coded) noexcept { coded_ = coded; }
  /// There is no more. Throws `content_decoding_error` if it breaks off.
  void finish() const { decoder_.finish(); }

 private:
  body_decoder(std::span<const content_coding> codings, const content_decoder_limits& limits);

  content_decoder decoder_;
  std::string_view coded_;
  std::vector<char> room_;
};

}  // namespace hocket::http::detail
