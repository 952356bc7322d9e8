#include <hocket/io/file.hpp>

namespace hocket::detail {

open_operation::open_operation(io_op how, descriptor* directory, std::string path, int flags, unsigned mode,
                               std::source_location where)
    : io_awaitable(how, directory), path_(std::move(path)), where_(where) {
  request_.flags = static_cast<std::uint32_t>(flags);
  request_.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
}

open_operation::open_operation(open_operation&& other) noexcept
    : io_awaitable(static_cast<io_awaitable&&>(other)), path_(std::move(other.path_)), where_(other.where_) {}

bool open_operation::await_ready() {
  request_.data = path_.data();
  return io_awaitable::await_ready();
}

file open_operation::convert(std::int32_t number) { return file(io_handle(number, io_handle::made_here{}, where_)); }

}  // namespace hocket::detail
