#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include <sys/stat.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/detail/replacement.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/io/temporary.hpp>

namespace hocket {
namespace {

constexpr int most_tries = 100;
constexpr std::size_t most_at_once = 10'000;

std::string directory_of(const temporary_options& options) {
  if (!options.directory.empty()) return options.directory;
  const char* wanted = std::getenv("TMPDIR");
  return wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
}

[[noreturn]] void throw_not_made(std::error_code error, const char* what, const std::string& folder) {
  throw std::system_error(error, detail::what_failed_on(what, folder, {}));
}

coro<file> make_named(temporary_options options, std::string& path) {
  const std::string folder = directory_of(options);
  for (int tries = 1;; ++tries) {
    path = detail::unused_path(folder, options.prefix, options.suffix);
    auto made = co_await as_expected(file::open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (made) co_return std::move(*made);
    if (made.error() != std::errc::file_exists || tries == most_tries)
      throw_not_made(made.error(), "make a temporary file in", folder);
  }
}

/// Without waiting, for destructors; what cannot be removed stays. Symbolic links are not followed.
void remove_now(backend& system, const std::string& path) {
  const int number = system.open_now(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
  if (number < 0) return;
  const io_handle folder(number, io_handle::made_here{});
  for (std::size_t removed = 1; removed > 0;) {
    removed = 0;
    std::vector<directory_entry> entries;
    if (system.read_directory(number, entries, most_at_once) < 0) break;
    for (const directory_entry& entry : entries) {
      const std::string each = path + "/" + entry.name;
      if (system.unlink(each.c_str()) != 0) remove_now(system, each);
      struct stat left{};
      if (system.lstat(each.c_str(), left) == -ENOENT) ++removed;
    }
  }
  static_cast<void>(system.rmdir(path.c_str()));
}

}  // namespace

coro<file> temporary_file(temporary_options options) {
  const std::string folder = directory_of(options);
  auto nameless = co_await as_expected(file::open(folder, O_RDWR | O_TMPFILE, 0600));
  if (nameless) co_return std::move(*nameless);
  // File systems that do not know them, and kernels.
  const bool unknown = nameless.error() == std::errc::operation_not_supported ||
                       nameless.error() == std::errc::is_a_directory || nameless.error() == std::errc::invalid_argument;
  if (!unknown) throw_not_made(nameless.error(), "make a temporary file in", folder);
  std::string path;
  file made = co_await make_named(std::move(options), path);
  static_cast<void>(loop::running().io().unlink(path.c_str()));
  co_return made;
}

named_temporary_file::named_temporary_file(file content, std::string path)
    : content_(std::move(content)), path_(std::move(path)), system_(&loop::running().io()) {}

coro<named_temporary_file> named_temporary_file::make(temporary_options options) {
  std::string path;
  file made = co_await make_named(std::move(options), path);
  co_return named_temporary_file(std::move(made), std::move(path));
}

named_temporary_file::~named_temporary_file() {
  if (!path_.empty()) static_cast<void>(system_->unlink(path_.c_str()));
}

temporary_directory::temporary_directory(std::string path) : path_(std::move(path)), system_(&loop::running().io()) {}

coro<temporary_directory> temporary_directory::make(temporary_options options) {
  const std::string folder = directory_of(options);
  for (int tries = 1;; ++tries) {
    std::string path = detail::unused_path(folder, options.prefix, options.suffix);
    const auto made = co_await as_expected(mkdir(path, 0700));
    if (made) co_return temporary_directory(std::move(path));
    if (made.error() != std::errc::file_exists || tries == most_tries)
      throw_not_made(made.error(), "make a temporary folder in", folder);
  }
}

coro<void> temporary_directory::remove() {
  if (path_.empty() || removed_) co_return;
  co_await remove_tree(path_);
  struct stat state{};
  removed_ = system_->lstat(path_.c_str(), state) == -ENOENT;
}

temporary_directory::~temporary_directory() {
  if (path_.empty() || removed_) return;  // by now the name may be somebody else's
  try {
    remove_now(*system_, path_);
  } catch (...) {  // no memory, no descriptor: it stays
  }
}

}  // namespace hocket
