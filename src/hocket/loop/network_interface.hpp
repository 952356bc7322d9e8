#pragma once

#include <string>

namespace hocket {

/// The index of the network interface of that name, or 0 if there is none. Answered by the running loop's backend, and by the
/// system where no loop runs on this thread. if_nametoindex(3)
[[nodiscard]] unsigned interface_index(const std::string& name);

/// The name of the interface with that index, or an empty one. if_indextoname(3)
[[nodiscard]] std::string interface_name(unsigned index);

}  // namespace hocket
