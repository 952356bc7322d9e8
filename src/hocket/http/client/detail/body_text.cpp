#include <utility>

#include <fmt/format.h>

#include <hocket/base/utf8.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/body_text.hpp>
#include <hocket/text/detect_encoding.hpp>
#include <hocket/text/text_decoder.hpp>

namespace hocket::http::detail {
namespace {

encoding encoding_of(std::string_view body, std::string_view charset, const text_options& how) {
  if (const auto marked = encoding_of_byte_order_mark(body)) return *marked;
  if (how.encoding) return *how.encoding;
  if (how.detect) return detect_encoding(body, charset, encoding::utf_8).value;
  return encoding_for_label(charset).value_or(encoding::utf_8);
}

}  // namespace

std::string text_of(std::string body, std::string_view charset, const text_options& how) {
  const encoding from = encoding_of(body, charset, how);
  const bool is_text = from == encoding::utf_8 && !encoding_of_byte_order_mark(body) && is_valid_utf8(body);
  if (is_text) return body;
  text_decoder decoder(from);
  std::string text;
  text.reserve(body.size());
  decoder.decode(body, text);
  decoder.finish(text);
  if (how.strict && decoder.errors() > 0)
    throw text_decoding_error(
        fmt::format("the body is not {}: {} times its bytes mean nothing", name_of(from), decoder.errors()));
  return text;
}

}  // namespace hocket::http::detail
