#include <charconv>
#include <filesystem>

#include <hocket/inspect/detail/numbers_in.hpp>

namespace hocket::inspect::detail {

std::vector<pid_t> numbers_in(const std::string& folder, std::error_code& error) {
  std::vector<pid_t> found;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator at(folder, error); !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    pid_t number = 0;
    const auto [last, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (problem == std::errc{} && last == name.data() + name.size() && number > 0) found.push_back(number);
  }
  return found;
}

}  // namespace hocket::inspect::detail
