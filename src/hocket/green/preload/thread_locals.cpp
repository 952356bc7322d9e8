#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <string_view>
#include <vector>

#include <errno.h>
#include <link.h>

#include <hocket/green/preload/thread_locals.hpp>

namespace hocket::green::preload {
namespace {

/// Of the C and the C++ language, and this.
bool is_known(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::array known{"libc.so", "ld-linux", "libstdc++.so", "libgcc_s.so", "libhocket_patch.so"};
  return std::ranges::any_of(known, [name](std::string_view each) { return name.starts_with(each); });
}

struct search {
  std::vector<std::string> found;
  unsigned long long loaded = 0;
};

int look(dl_phdr_info* object, std::size_t, void* into) {
  auto& to = *static_cast<search*>(into);
  to.loaded = object->dlpi_adds;
  const std::string_view path = object->dlpi_name;
  const auto* const end = object->dlpi_phdr + object->dlpi_phnum;
  const bool has = std::any_of(object->dlpi_phdr, end, [](const auto& part) { return part.p_type == PT_TLS; });
  if (has && !is_known(path)) to.found.emplace_back(path.empty() ? "the program itself" : path);
  return 0;
}

search look_at_all() {
  search all;
  ::dl_iterate_phdr(&look, &all);
  return all;
}

std::atomic<unsigned long long> accepted_loads = 0;
std::atomic<std::size_t> accepted = 0;

}  // namespace

std::string object_with_thread_locals() {
  const search all = look_at_all();
  return all.found.empty() ? std::string() : all.found.front();
}

void accept_thread_locals() {
  const search all = look_at_all();
  accepted_loads = all.loaded;
  accepted = all.found.size();
}

bool has_loaded_thread_locals() {
  const search all = look_at_all();
  if (all.loaded == accepted_loads || all.found.size() <= accepted) return false;
  static std::atomic<bool> is_told = false;
  if (!is_told.exchange(true))
    std::fprintf(stderr, "hocket patch: %s: the threads to come are threads: %s keeps variables by thread\n",
                 program_invocation_short_name, all.found.back().c_str());
  return true;
}

}  // namespace hocket::green::preload
