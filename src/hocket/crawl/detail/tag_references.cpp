#include <hocket/crawl/attribute_urls.hpp>
#include <hocket/crawl/css_urls.hpp>
#include <hocket/crawl/detail/markup.hpp>
#include <hocket/crawl/detail/tag_references.hpp>

namespace hocket::crawl::detail {
namespace {

// Its href names a server, and no document that anybody fetches. Source: HTML, 4.6.7 (dns-prefetch, preconnect).
bool only_connects(std::string_view rel) { return has_token(rel, "preconnect") || has_token(rel, "dns-prefetch"); }

}  // namespace

void tell_references(std::uint64_t tag_name, tag_attributes& attributes, element_observer& observer) {
  using enum tag_attributes::attribute;
  const auto tell = [&](resource_kind kind, tag_attributes::attribute where) {
    if (const auto url = attributes.value_of(where)) observer.on_resource(kind, *url);
  };
  if (const auto place = attributes.value_of(id); place && !place->empty()) observer.on_anchor(*place);
  if (const auto declarations = attributes.value_of(style))
    for_each_css_url(*declarations, [&](bool, std::string_view url) { observer.on_resource(resource_kind::css, url); });
  switch (tag_name) {
    case packed("a"):
      if (const auto place = attributes.value_of(name); place && !place->empty()) observer.on_anchor(*place);
      break;
    case packed("img"):
    case packed("source"):
      tell(tag_name == packed("img") ? resource_kind::img : resource_kind::media, src);
      if (const auto candidates = attributes.value_of(srcset))
        for_each_srcset_url(*candidates,
                            [&](std::string_view url) { observer.on_resource(resource_kind::srcset, url); });
      break;
    case packed("image"):
      tell(resource_kind::img, href);
      break;
    case packed("input"):
      tell(resource_kind::img, src);
      tell(resource_kind::form, form_action);
      break;
    case packed("button"):
      tell(resource_kind::form, form_action);
      break;
    case packed("form"):
      tell(resource_kind::form, action);
      break;
    case packed("audio"):
    case packed("track"):
      tell(resource_kind::media, src);
      break;
    case packed("video"):
      tell(resource_kind::media, src);
      tell(resource_kind::media, poster);
      break;
    case packed("script"):
      tell(resource_kind::script, src);
      break;
    case packed("link"):
      if (!only_connects(attributes.value_of(rel).value_or(""))) tell(resource_kind::link, href);
      break;
    case packed("iframe"):
    case packed("frame"):
      tell(resource_kind::frame, src);
      break;
    case packed("object"):
      tell(resource_kind::object, data);
      break;
    case packed("embed"):
      tell(resource_kind::object, src);
      break;
    case packed("meta"):
      if (!equals_ignoring_case(attributes.value_of(http_equiv).value_or(""), "refresh")) break;
      if (const auto value = attributes.value_of(content))
        if (const auto url = refresh_url(*value)) observer.on_resource(resource_kind::refresh, *url);
      break;
    default:
      break;
  }
}

}  // namespace hocket::crawl::detail
