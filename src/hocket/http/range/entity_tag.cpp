#include <algorithm>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/range/entity_tag.hpp>

namespace hocket::http {
namespace {

bool is_tag_char(char c) noexcept { return c != '"' && c != ' ' && !detail::is_control(c); }

std::optional<entity_tag> take_entity_tag(field_cursor& at) {
  entity_tag tag;
  tag.weak = at.take('W');
  if (tag.weak && !at.take('/')) return std::nullopt;
  if (!at.take('"')) return std::nullopt;
  tag.opaque = at.take_while(is_tag_char);
  if (!at.take('"')) return std::nullopt;
  return tag;
}

}  // namespace

std::optional<entity_tag> parse_entity_tag(std::string_view field) {
  field_cursor at(detail::trim(field));
  auto tag = take_entity_tag(at);
  return at.at_end() ? tag : std::nullopt;
}

std::string format_entity_tag(const entity_tag& tag) {
  if (!std::all_of(tag.opaque.begin(), tag.opaque.end(), is_tag_char))
    throw error("an entity tag has a character that none may have");
  return (tag.weak ? "W/\"" : "\"") + tag.opaque + "\"";
}

std::optional<entity_tag_list> parse_entity_tags(std::string_view field) {
  if (detail::trim(field) == "*") return entity_tag_list{true, {}};
  entity_tag_list list;
  field_cursor at(field);
  for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
    auto tag = take_entity_tag(at);
    if (!tag || !at.at_end_of_element()) return std::nullopt;
    list.tags.push_back(std::move(*tag));
  }
  if (list.tags.empty()) return std::nullopt;
  return list;
}

}  // namespace hocket::http
