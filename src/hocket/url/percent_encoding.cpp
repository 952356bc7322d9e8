#include <hocket/url/detail/percent_encode.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket {
namespace {

constexpr detail::byte_set encoded_in_names = detail::component_percent_encode_set - detail::byte_set("/");

bool starts_with_encoded_byte(std::string_view text) noexcept {
  return text.size() >= 3 && text[0] == '%' && detail::ascii_hex_digits.contains(text[1]) &&
         detail::ascii_hex_digits.contains(text[2]);
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    if (starts_with_encoded_byte(text)) {
      bytes.push_back(static_cast<char>(detail::hex_value(text[1]) * 16 + detail::hex_value(text[2])));
      text.remove_prefix(3);
    } else {
      bytes.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return bytes;
}

std::string percent_encode_path(std::string_view path) {
  std::string encoded;
  detail::append_percent_encoded(encoded, path, encoded_in_names);
  return encoded;
}

void detail::append_percent_encoded(std::string& out, std::string_view text, const byte_set& encoded) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::size_t start = 0;  // of the bytes that wait to be copied as they are
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!encoded.contains(text[at])) continue;
    out.append(text, start, at - start);
    const auto byte = static_cast<unsigned char>(text[at]);
    out.push_back('%');
    out.push_back(digits[byte / 16]);
    out.push_back(digits[byte % 16]);
    start = at + 1;
  }
  out.append(text, start, text.size() - start);
}

}  // namespace hocket
