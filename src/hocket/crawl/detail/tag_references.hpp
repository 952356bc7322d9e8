#pragma once

#include <cstdint>

#include <hocket/crawl/detail/tag_attributes.hpp>
#include <hocket/crawl/element_observer.hpp>

namespace hocket::crawl::detail {

/// Tells what a start tag refers to besides links, and the place in the page that it is. `tag_name` is packed; all its attributes were kept.
void tell_references(std::uint64_t tag_name, tag_attributes& attributes, element_observer& observer);

}  // namespace hocket::crawl::detail
