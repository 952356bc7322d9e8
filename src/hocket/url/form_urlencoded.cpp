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

std::string decoded(std::string_view text, form_text as) {
  std::string with_blanks(text);
  std::ranges::replace(with_blanks, '+', ' ');
  std::string bytes = percent_decode(with_blanks);
  if (as == form_text::bytes) return bytes;
  std::string valid;
  append_valid_utf8(valid, bytes);
  return valid;
}

void append_encoded(std::string& out, std::string_view text) {
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  detail::append_percent_encoded(out, text, encoded_in_fields);
  std::replace(out.begin() + start, out.end(), ' ', '+');
}

}  // namespace

std::expected<std::vector<form_field>, form_urlencoded_error> parse_form_urlencoded(std::string_view text,
                                                                                    form_urlencoded_options options) {
  if (text.size() > options.size_bytes) return std::unexpected(form_urlencoded_error::too_large);
  std::vector<form_field> fields;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    if (fields.size() == options.fields) return std::unexpected(form_urlencoded_error::too_many_fields);
    const auto name = part.substr(0, part.find('='));
    const auto value = part.substr(std::min(name.size() + 1, part.size()));
    fields.push_back({decoded(name, options.text), decoded(value, options.text)});
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
