#pragma once

#include <string>
#include <string_view>

namespace hocket::detail {

/// A function's name with its namespaces and classes, without types: "app::server::handle" of what a compiler prints of it, as
/// std::source_location::function_name does. Of anything else some piece of that.
[[nodiscard]] std::string function_name(std::string_view pretty);

}  // namespace hocket::detail
