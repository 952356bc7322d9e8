// fmt stays out of the public headers, so what it can format comes here as a variant.

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <variant>

#include <fmt/format.h>

#include <hocket/flow/print.hpp>

namespace hocket::flow::detail {

void check(const print_options& options) {
  if (options.file == nullptr) throw std::invalid_argument("print: there is no file to print to");
}

void print(const std::string& format, const print_options& options, const printable& item) {
  std::string line;
  try {
    line = std::visit([&format](const auto& value) { return fmt::format(fmt::runtime(format), value); }, item);
  } catch (const fmt::format_error& error) {
    throw std::invalid_argument(fmt::format("print: the format '{}' does not suit an item: {}", format, error.what()));
  }
  line += options.end;
  if (std::fwrite(line.data(), 1, line.size(), options.file) != line.size() ||
      (options.flush && std::fflush(options.file) != 0))
    throw std::system_error(errno, std::generic_category(), "print");
}

}  // namespace hocket::flow::detail
