// Input: a byte that chooses how the rest is cut, and a multipart content with the boundary `b`; the same bytes as the
// value of a field. However the content is cut, the same events must come.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <http/form/multipart_events.hpp>

#include <hocket/http/form/content_disposition.hpp>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_multipart(std::string_view content, std::size_t piece) {
  const hocket::http::multipart_limits limits{
      .parts = 8, .fields_per_part = 4, .head_bytes = 256, .preamble_bytes = 64, .epilogue_bytes = 64};
  using hocket::testing::multipart_events;
  const auto whole = multipart_events("b", content, content.size() + 1, limits);
  const auto cut = multipart_events("b", content, piece, limits);
  // A piece that ends in an error tells nothing of what stood before it in the same piece.
  require(whole.find('!') == std::string::npos ? cut == whole : cut.find('!') != std::string::npos);
}

void check_fields(std::string_view text) {
  static_cast<void>(hocket::http::parse_content_disposition(text));
  static_cast<void>(hocket::http::parse_form_disposition(text));
  if (const auto boundary = hocket::http::multipart_boundary(text))
    static_cast<void>(hocket::http::multipart_parser(*boundary));
  if (const auto name = hocket::http::safe_filename(text)) require(name->find_first_of("/\\\n") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_multipart(text, data[0] % 32U + 1U);
  check_fields(text);
  return 0;
}
