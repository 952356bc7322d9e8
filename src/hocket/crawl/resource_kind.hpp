#pragma once

#include <cstdint>
#include <string_view>

namespace hocket::crawl {

/// How a page refers to something that is no link of it.
enum class resource_kind : std::uint8_t {
  img,     // `src` of img and of input, `href` of SVG's image
  srcset,  // each candidate of `srcset` of img and source
  media,   // `src` of audio, video, source and track, `poster` of video
  script,
  link,     // `href` of link, but for servers to connect to (preconnect, dns-prefetch)
  frame,    // `src` of iframe and frame
  object,   // `data` of object, `src` of embed
  form,     // `action` of form, `formaction` of button and input
  refresh,  // `<meta http-equiv=refresh>`
  css,      // `url()` of style elements and attributes
  import,   // `@import` of style elements
};

/// Its name, as in resources.tsv: "img", "srcset".
[[nodiscard]] std::string_view name_of(resource_kind kind) noexcept;

}  // namespace hocket::crawl
