#include <system_error>
#include <utility>

#include <hocket/core/as_result.hpp>
#include <hocket/io/detail/replacement.hpp>
#include <hocket/io/write_file.hpp>

namespace hocket {

coro<std::string> read_file(std::string path, std::size_t limit) {
  file opened = co_await file::open(std::move(path));
  co_return co_await opened.read_all(limit);
}

coro<void> write_file(std::string path, std::string_view bytes, write_file_options options) {
  const int flags = O_WRONLY | O_CREAT | (options.append ? O_APPEND : O_TRUNC);
  file opened = co_await file::open(std::move(path), flags, options.mode);
  co_await opened.write(bytes);
  co_await detail::flush_operation(opened.handle().record());
}

coro<void> replace_file(std::string path, std::string_view bytes, replace_file_options options) {
  auto written = co_await detail::replacement::begin(path, {.permissions = options.permissions});
  const auto outcome = co_await as_expected(written.content().write(bytes));
  if (!outcome) throw std::system_error(outcome.error(), detail::what_failed_on("write", path, {}));
  co_await written.finish(options.on_disk);
}

}  // namespace hocket
