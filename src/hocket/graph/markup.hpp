#pragma once

#include <string>
#include <string_view>

namespace hocket::graph {

/// `text` as content or a quoted attribute of HTML and XML: `printable`, with references for & < > " and '.
[[nodiscard]] std::string markup_escaped(std::string_view text);

}  // namespace hocket::graph
