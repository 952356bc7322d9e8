#include <string>

#include <hocket/http/client/detail/body_decoder.hpp>
#include <hocket/http/coding/content_coding.hpp>

namespace hocket::http::detail {

static constexpr std::size_t piece_size = 32 * 1024;

std::unique_ptr<body_decoder> body_decoder::make(const headers& fields, const content_decoder_limits& limits) {
  if (!fields.contains("Content-Encoding")) return nullptr;
  std::string field;
  for (const std::string_view each : fields.get_all("Content-Encoding"))
    field.append(field.empty() ? "" : ",").append(each);
  const auto codings = parse_content_encoding(field);
  if (!codings && codings.error() == content_encoding_error::unknown) return nullptr;
  if (!codings)
    throw content_decoding_error(codings.error() == content_encoding_error::too_many ? "too many content codings"
                                                                                     : "malformed Content-Encoding");
  if (codings->empty()) return nullptr;
  return std::unique_ptr<body_decoder>(new body_decoder(*codings, limits));
}

body_decoder::body_decoder(std::span<const content_coding> codings, const content_decoder_limits& limits)
    : decoder_(codings, limits), room_(piece_size) {}

std::string_view body_decoder::take() {
  const auto [consumed, produced] = decoder_.decode(coded_, room_);
  coded_.remove_prefix(consumed);
  return {room_.data(), produced};
}

}  // namespace hocket::http::detail
