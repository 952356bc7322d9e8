#pragma once

#include <string>

namespace hocket::detail {

/// if_nametoindex(3) and if_indextoname(3), with a negated errno instead of errno.
[[nodiscard]] int interface_index_of(const char* name) noexcept;
[[nodiscard]] int interface_name_of(unsigned index, std::string& name);

}  // namespace hocket::detail
