#pragma once

#include <string>
#include <vector>

namespace hocket::graph {

/// The pages that a sitemap in a file names, each as `url` writes it and without fragment, in its order: see `sitemap_reader`. The file may be
/// compressed (gzip); unpacked it is 50 MiB at most. An index names other sitemaps by their URLs: they are looked for beside it, by the last
/// segment of those. Throws `hocket::error`, also if one of them is not there.
[[nodiscard]] std::vector<std::string> read_sitemap_file(const std::string& path);

}  // namespace hocket::graph
