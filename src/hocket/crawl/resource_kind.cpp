#include <cstddef>

#include <hocket/crawl/resource_kind.hpp>

namespace hocket::crawl {

std::string_view name_of(resource_kind kind) noexcept {
  constexpr std::string_view names[] = {"img",    "srcset", "media",   "script", "link",  "frame",
                                        "object", "form",   "refresh", "css",    "import"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace hocket::crawl
