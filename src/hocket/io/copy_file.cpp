#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include <hocket/core/as_result.hpp>
#include <hocket/io/copy_file.hpp>
#include <hocket/io/detail/replacement.hpp>
#include <hocket/io/file_system.hpp>

namespace hocket {
namespace {

constexpr std::size_t piece_size = std::size_t{8} << 20;
constexpr std::size_t read_size = std::size_t{256} << 10;

class copy_range_operation final : public detail::detailed_awaitable<copy_range_operation, std::size_t> {
 public:
  [[maybe_unused]] static constexpr const char* name = "copy";
  copy_range_operation(file& from, file& to, std::uint64_t offset) noexcept
      : io_awaitable(io_op::copy_range, from.handle().record()) {
    details_.pipe = to.handle().record();
    request_.length = piece_size;
    details_.offset = static_cast<std::int64_t>(offset);
  }
  [[nodiscard]] std::size_t convert(std::int32_t count) noexcept { return static_cast<std::size_t>(count); }
};

/// The file systems cannot, or not with each other; nothing is wrong with the files.
bool must_be_read(std::error_code error) noexcept {
  const int number = error.value();
  return number == EXDEV || number == EINVAL || number == ENOSYS || number == EOPNOTSUPP || number == EPERM;
}

class copying {
 public:
  copying(file from, file& to, std::string path, std::uint64_t size, copy_file_options& options) noexcept
      : from_(std::move(from)), to_(to), path_(std::move(path)), size_(size), options_(options) {}

  coro<std::uint64_t> run() {
    const bool is_done = co_await copy_ranges();
    if (!is_done) co_await read_and_write();
    if (options_.on_progress && told_ != copied_) tell();
    co_return copied_;
  }

 private:
  // False: the rest must be read. Files of which the system does not know the size give nothing here at once.
  coro<bool> copy_ranges() {
    for (;;) {
      const auto count = co_await as_expected(copy_range_operation(from_, to_, copied_));
      if (!count && must_be_read(count.error())) co_return false;
      if (!count) throw_failed(count.error());
      if (*count == 0) co_return copied_ > 0;
      done(*count);
    }
  }

  coro<void> read_and_write() {
    const auto bytes = std::make_unique_for_overwrite<char[]>(read_size);
    for (;;) {
      const std::size_t count = co_await from_.read({bytes.get(), read_size}, static_cast<std::int64_t>(copied_));
      if (count == 0) co_return;
      const std::string_view piece(bytes.get(), count);
      const auto written = co_await as_expected(to_.write(piece, static_cast<std::int64_t>(copied_)));
      if (!written) throw_failed(written.error());
      done(count);
    }
  }

  [[noreturn]] void throw_failed(std::error_code error) const {
    throw std::system_error(error, detail::what_failed_on("copy", std::string(from_.path()), path_));
  }
  void done(std::size_t count) {
    copied_ += count;
    if (options_.on_progress && copied_ - told_ >= piece_size) tell();
  }
  void tell() {
    told_ = copied_;
    options_.on_progress({.copied_bytes = copied_, .size_bytes = size_});
  }

  file from_;
  file& to_;
  std::string path_;  // that the copy will have
  std::uint64_t size_;
  copy_file_options& options_;
  std::uint64_t copied_ = 0;
  std::uint64_t told_ = 0;
};

}  // namespace

coro<std::uint64_t> copy_file(std::string from, std::string to, copy_file_options options) {
  const file_status state = co_await stat(from);
  if (!state.is_regular())
    throw std::system_error(state.is_directory() ? EISDIR : EINVAL, std::system_category(),
                            detail::what_failed_on("copy", from, {}));
  file opened = co_await file::open(std::move(from));
  auto copy = co_await detail::replacement::begin(to, {.permissions = state.permissions() & 0777});
  copying work(std::move(opened), copy.content(), std::move(to), state.size_bytes, options);
  const std::uint64_t copied = co_await work.run();
  co_await copy.finish(options.on_disk, options.replace);
  co_return copied;
}

}  // namespace hocket
