#include <hocket/http/coding/content_coding.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>

namespace hocket::http {

std::string_view to_string(content_coding coding) noexcept {
  switch (coding) {
    case content_coding::identity:
      return "identity";
    case content_coding::gzip:
      return "gzip";
    case content_coding::deflate:
      return "deflate";
    case content_coding::br:
      return "br";
    case content_coding::zstd:
      return "zstd";
  }
  return "identity";
}

std::optional<content_coding> content_coding_named(std::string_view name) noexcept {
  using enum content_coding;
  for (const auto coding : {identity, gzip, deflate, br, zstd})
    if (detail::equal_ignoring_case(name, to_string(coding))) return coding;
  if (detail::equal_ignoring_case(name, "x-gzip")) return gzip;
  return std::nullopt;
}

std::expected<std::vector<content_coding>, content_encoding_error> parse_content_encoding(std::string_view field) {
  std::vector<content_coding> codings;
  field_cursor at(field);
  for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
    const auto name = at.take_token();
    if (name.empty() || !at.at_end_of_element()) return std::unexpected(content_encoding_error::malformed);
    const auto coding = content_coding_named(name);
    if (!coding) return std::unexpected(content_encoding_error::unknown);
    if (*coding == content_coding::identity) continue;
    if (codings.size() == most_codings) return std::unexpected(content_encoding_error::too_many);
    codings.push_back(*coding);
  }
  return codings;
}

}  // namespace hocket::http
