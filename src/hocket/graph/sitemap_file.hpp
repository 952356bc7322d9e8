#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hocket::graph {

/// The pages that a sitemap names, each as `url` writes it and without fragment, in its order; what is no http(s) URL is left out.
/// The sitemap is XML or, if it does not begin with `<`, one URL a line. `name` is how complaints call it.
/// Throws `hocket::error` of an index of sitemaps, and of a compressed one.
/// Source: https://www.sitemaps.org/protocol.html
[[nodiscard]] std::vector<std::string> sitemap_urls(std::string_view text, std::string_view name);

/// Of a file, of 50 MiB at most as the protocol has it. Throws `hocket::error`.
[[nodiscard]] std::vector<std::string> read_sitemap_file(const std::string& path);

}  // namespace hocket::graph
