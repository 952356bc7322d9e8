#include <hocket/loop/detail/interface_calls.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/loop/network_interface.hpp>

namespace hocket {

unsigned interface_index(const std::string& name) {
  loop* const running = loop::running_or_null();
  const int index =
      running != nullptr ? running->io().if_nametoindex(name.c_str()) : detail::interface_index_of(name.c_str());
  return index > 0 ? static_cast<unsigned>(index) : 0;
}

std::string interface_name(unsigned index) {
  std::string name;
  loop* const running = loop::running_or_null();
  const int error =
      running != nullptr ? running->io().if_indextoname(index, name) : detail::interface_name_of(index, name);
  return error < 0 ? std::string() : name;
}

}  // namespace hocket
