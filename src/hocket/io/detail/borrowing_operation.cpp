#include <fmt/format.h>

#include <hocket/io/detail/borrowing_operation.hpp>

namespace hocket::detail {

int borrowed_target::borrow() {
  try {
    held_ = borrowed_descriptor(loop::running().io(), number_);
  } catch (const std::system_error& refused) {
    if (refused.code() == std::errc::bad_file_descriptor) return EBADF;
    throw;
  }
  if (meant_ == use::wait) return held_.can_be_watched() ? 0 : EPERM;
  return held_.record()->is == descriptor::nature::socket ? 0 : ENOTSOCK;
}

std::string borrowed_target::what_failed(const char* name) const {
  const bool is_file = meant_ == use::wait && held_.record() != nullptr && !held_.can_be_watched();
  return fmt::format("{} descriptor {}{}", name, number_, is_file ? ", a file or folder, which is always ready" : "");
}

}  // namespace hocket::detail
