#pragma once

#include <string>
#include <string_view>

#include <hocket/inspect/snapshot.hpp>

namespace hocket::app {

/// A line of JSON. It begins with a member that says what was read, such as `"process":4711`.
[[nodiscard]] std::string inspect_json(std::string_view what_was_read, const inspect::snapshot& seen);

}  // namespace hocket::app
