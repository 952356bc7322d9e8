#include <algorithm>

#include <hocket/base/utf8.hpp>
#include <hocket/url/detail/byte_set.hpp>
#include <hocket/url/detail/percent_encode.hpp>
#include <hocket/url/form_urlencoded.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket {
namespace {

/// But for the blank, which becomes a `+`.
constexpr detail::byte_set encoded_in_fields =
    (detail::component_percent_encode_set | detail::byte_set("!'()~")) - detail::byte_set(" ");

std::string decoded(std::string_view text) {
  std::string with_blanks(text);
  std::ranges::replace(with_blanks, '+', ' ');
  std::string valid;
  append_valid_utf8(valid, percent_decode(with_blanks));
  return valid;
}

void append_encoded(std::string& out, std::string_view text) {
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  detail::append_percent_encoded(out, text, encoded_in_fields);
  std::replace(out.begin() + start, out.end(), ' ', '+');
}

}  // namespace

std::vector<form_field> parse_form_urlencoded(std::string_view text) {
  std::vector<form_field> fields;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const auto name = part.substr(0, part.find('='));
    fields.emplace_back(decoded(name), decoded(part.substr(std::min(name.size() + 1, part.size()))));
  }
  return fields;
}

std::string serialize_form_urlencoded(std::span<const form_field> fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text.push_back('&');
    append_encoded(text, name);
    text.push_back('=');
    append_encoded(text, value);
  }
  return text;
}

}  // namespace hocket
