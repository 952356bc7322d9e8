#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/inspect/detail/shown.hpp>

namespace hocket::inspect::detail {

/// A class of another process, as its vtable tells.
struct class_type {
  struct base {
    shown_type shown;
    std::int64_t offset = 0;  // of that base, from where the pointer to the vtable stands
  };
  std::string name;         // as the compiler has it; empty if there is none
  std::vector<base> bases;  // itself, and those that it derives from, as far as they show something
};

/// Recognises objects by the vtables that they point to, as the C++ ABI for Itanium has them, which all others follow.
class types {
 public:
  types(memory_cache& memory, const shown& from);

  /// The class of the object to which belongs what points to this vtable.
  [[nodiscard]] const class_type& of_vtable(address vtable);

 private:
  void add_bases(address type_info, std::int64_t offset, unsigned depth, class_type& to);
  [[nodiscard]] address vtable_of(const std::type_info* sample);

  memory_cache& memory_;
  const shown& shown_;
  address one_base_ = 0;  // the vtables of the type_infos of such classes
  address several_bases_ = 0;
  unsigned visits_ = 0;
  std::size_t visits_in_all_ = 0;
  std::unordered_map<address, class_type> known_;
};

}  // namespace hocket::inspect::detail
