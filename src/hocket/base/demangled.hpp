#pragma once

#include <string>
#include <typeinfo>

namespace hocket {

/// A name as the linker knows it, as the source says it; itself if it is no such name.
[[nodiscard]] std::string demangled(const char* name);

/// The same of a type.
[[nodiscard]] inline std::string demangled(const std::type_info& type) { return demangled(type.name()); }

}  // namespace hocket
