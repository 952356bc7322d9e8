#include <filesystem>
#include <system_error>

#include <unistd.h>

#include <hocket/graph/scratch.hpp>

namespace hocket::graph {

std::string scratch_in(const std::string& wanted, const std::string& directory) {
  if (!wanted.empty()) return wanted;
  if (::access(directory.c_str(), W_OK) == 0) return directory;
  std::error_code none;
  const auto temporary = std::filesystem::temp_directory_path(none);
  return none ? directory : temporary.string();
}

}  // namespace hocket::graph
