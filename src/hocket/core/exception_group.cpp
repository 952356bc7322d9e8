#include <fmt/format.h>

#include <hocket/core/exception_group.hpp>

namespace hocket {

static std::string describe(const std::vector<std::exception_ptr>& errors) {
  std::string text = errors.size() == 1 ? "a task failed" : fmt::format("{} tasks failed", errors.size());
  const char* separator = ": ";
  for (const std::exception_ptr& problem : errors) {
    text += separator;
    separator = "; ";
    try {
      std::rethrow_exception(problem);
    } catch (const std::exception& known) {
      text += known.what();
    } catch (...) {
      text += "an exception of unknown type";
    }
  }
  return text;
}

exception_group::exception_group(std::vector<std::exception_ptr> errors)
    : error(describe(errors)), errors_(std::move(errors)) {}

}  // namespace hocket
