#include <algorithm>

#include <hocket/http/form/urlencoded.hpp>
#include <hocket/url/form_urlencoded.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http {
namespace {

std::string decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

std::expected<std::vector<form_field>, urlencoded_error> parse_urlencoded(std::string_view text,
                                                                          urlencoded_limits limits) {
  if (text.size() > limits.size_bytes) return std::unexpected(urlencoded_error::too_large);
  std::vector<form_field> fields;
  while (!text.empty()) {
    const auto piece = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
    if (piece.empty()) continue;
    if (fields.size() == limits.fields) return std::unexpected(urlencoded_error::too_many_fields);
    const std::size_t name_size = std::min(piece.find('='), piece.size());
    const std::size_t value_at = std::min(name_size + 1, piece.size());
    fields.push_back({decoded(piece.substr(0, name_size)), decoded(piece.substr(value_at))});
  }
  return fields;
}

std::string format_urlencoded(std::span<const form_field> fields) {
  std::vector<hocket::form_field> pairs;
  pairs.reserve(fields.size());
  for (const auto& [name, value] : fields) pairs.emplace_back(name, value);
  return serialize_form_urlencoded(pairs);
}

}  // namespace hocket::http
