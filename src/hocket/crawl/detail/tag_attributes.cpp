#include <hocket/crawl/character_references.hpp>
#include <hocket/crawl/detail/markup.hpp>
#include <hocket/crawl/detail/tag_attributes.hpp>

namespace hocket::crawl::detail {
namespace {

// Of a tag without an observer.
tag_attributes::attribute of_link_or_declaration(std::uint64_t tag_name, std::uint64_t name) {
  switch (tag_name) {
    case packed("a"):
    case packed("area"):
      return name == packed("href")  ? tag_attributes::href
             : name == packed("rel") ? tag_attributes::rel
                                     : tag_attributes::not_kept;
    case packed("base"):
      return name == packed("href") ? tag_attributes::href : tag_attributes::not_kept;
    case packed("meta"):
      return name == packed("name")      ? tag_attributes::name
             : name == packed("content") ? tag_attributes::content
                                         : tag_attributes::not_kept;
    case packed("link"):
      return name == packed("href")       ? tag_attributes::href
             : name == packed("rel")      ? tag_attributes::rel
             : name == packed("hreflang") ? tag_attributes::hreflang
                                          : tag_attributes::not_kept;
    default:
      return tag_attributes::not_kept;
  }
}

tag_attributes::attribute of_any(std::uint64_t name) {
  switch (name) {
    case packed("href"):
      return tag_attributes::href;
    case packed("rel"):
      return tag_attributes::rel;
    case packed("hreflang"):
      return tag_attributes::hreflang;
    case packed("name"):
      return tag_attributes::name;
    case packed("content"):
      return tag_attributes::content;
    case packed("id"):
      return tag_attributes::id;
    case packed("src"):
      return tag_attributes::src;
    case packed("srcset"):
      return tag_attributes::srcset;
    case packed("poster"):
      return tag_attributes::poster;
    case packed("data"):
      return tag_attributes::data;
    case packed("action"):
      return tag_attributes::action;
    case packed("formaction"):
      return tag_attributes::form_action;
    case packed("http-equiv"):
      return tag_attributes::http_equiv;
    case packed("style"):
      return tag_attributes::style;
    default:
      return tag_attributes::not_kept;
  }
}

}  // namespace

void tag_attributes::begin(std::uint64_t tag_name, std::uint64_t attribute_name) noexcept {
  at_hand_ = all_ ? of_any(attribute_name) : of_link_or_declaration(tag_name, attribute_name);
  if (at_hand_ == not_kept) return;
  if (values_[at_hand_].is_present()) {
    at_hand_ = not_kept;  // a duplicate
  } else {
    values_[at_hand_].begin();
  }
}

std::optional<std::string_view> tag_attributes::value_of(attribute which) {
  const auto source = values_[which].text();
  if (!source) return std::nullopt;
  const char* const source_end = source->data() + source->size();
  if (find<'&', '\r', '\0'>(source->data(), source_end) == source_end) return source;
  decode_attribute_value(*source, decoded_);
  return decoded_;
}

void tag_attributes::source_text::begin() noexcept {
  place_ = place::borrowed;
  borrowed_ = {};
}

void tag_attributes::source_text::append(std::string_view part) {
  if (place_ == place::borrowed) {
    borrowed_ = part;
  } else if (place_ == place::kept) {
    if (part.size() > max_value_bytes - kept_.size()) {
      place_ = place::too_long;
    } else {
      kept_ += part;
    }
  }
}

void tag_attributes::source_text::keep() {
  if (place_ != place::borrowed) return;
  place_ = borrowed_.size() > max_value_bytes ? place::too_long : place::kept;
  if (place_ == place::kept) kept_ = borrowed_;
}

std::optional<std::string_view> tag_attributes::source_text::text() const noexcept {
  if (place_ == place::kept) return kept_;
  if (place_ == place::borrowed && borrowed_.size() <= max_value_bytes) return borrowed_;
  return std::nullopt;
}

}  // namespace hocket::crawl::detail
