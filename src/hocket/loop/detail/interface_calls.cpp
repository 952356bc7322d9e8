#include <array>
#include <cerrno>

#include <net/if.h>

#include <hocket/loop/detail/interface_calls.hpp>

namespace hocket::detail {

int interface_index_of(const char* name) noexcept {
  const unsigned index = ::if_nametoindex(name);
  return index != 0 ? static_cast<int>(index) : -errno;
}

int interface_name_of(unsigned index, std::string& name) {
  std::array<char, IF_NAMESIZE> text{};
  if (::if_indextoname(index, text.data()) == nullptr) return -errno;
  name = text.data();
  return 0;
}

}  // namespace hocket::detail
