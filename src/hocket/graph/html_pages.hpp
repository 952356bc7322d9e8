#pragma once

#include <hocket/graph/link_graph.hpp>

namespace hocket::graph {

/// An HTML page, or one without a type, that was read to its end without an error: the crawler knows all that is on it.
[[nodiscard]] bool is_read_html(const link_graph& graph, node url);

}  // namespace hocket::graph
