#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace hocket::crawl {

/// Tells the URL of each candidate of a `srcset`, descriptors left out.
/// Source: HTML, 4.8.4.3.10 (parsing a srcset attribute), steps 1 to 8.
void for_each_srcset_url(std::string_view srcset, const std::function<void(std::string_view url)>& found);

/// Where `<meta http-equiv=refresh content=...>` leads; nothing if it reloads the page itself, or means nothing.
/// Source: HTML, 4.2.5.3 (shared declarative refresh steps).
[[nodiscard]] std::optional<std::string_view> refresh_url(std::string_view content);

}  // namespace hocket::crawl
