// The new file gets a name that nobody foresees (O_EXCL, not through a link), and may be read by its owner only until it has its
// permissions. Its destructor removes it at once, without waiting: a cancelled or failed writer leaves nothing behind.

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/io/detail/replacement.hpp>
#include <hocket/io/file_system.hpp>

namespace hocket::detail {

static constexpr int most_tries = 100;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string unused_path(const std::string& folder, const std::string& prefix, const std::string& suffix) {
  return fmt::format("{}/{}{:016x}{}", folder == "/" ? "" : folder, prefix, loop::running().random()(), suffix);
}

coro<void> fsync_folder(std::string folder) {
  file opened = co_await file::open(folder, O_RDONLY | O_DIRECTORY);
  const auto outcome = co_await as_expected(opened.fsync());
  // Some file systems have nothing of the kind.
  if (!outcome && outcome.error() != std::errc::invalid_argument)
    throw std::system_error(outcome.error(), what_failed_on("fsync", folder, {}));
}

static coro<file> make_file(std::string& path, const std::string& folder, unsigned mode) {
  for (int tries = 1;; ++tries) {
    path = unused_path(folder, ".hocket-", ".tmp");
    auto made = co_await as_expected(file::open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    if (made) co_return std::move(*made);
    if (made.error() != std::errc::file_exists || tries == most_tries)
      throw std::system_error(made.error(), what_failed_on("make a file in", folder, {}));
  }
}

coro<replacement> replacement::begin(std::string path, options how) {
  const auto there = co_await as_expected(stat(path));
  if (!there && there.error() != std::errc::no_such_file_or_directory)
    throw std::system_error(there.error(), what_failed_on("replace", path, {}));
  if (there && !there->is_regular()) {
    const int error = there->is_directory() ? EISDIR : EINVAL;
    throw std::system_error(error, std::system_category(), what_failed_on("replace", path, {}));
  }
  if (there && !how.permissions) how.permissions = there->permissions() & 0777;  // no set-user-ID on bytes of another

  std::string temporary;
  file content = co_await make_file(temporary, parent_of(path), how.permissions ? 0600 : how.mode);
  replacement made(std::move(content), std::move(path), std::move(temporary));
  if (how.permissions) {
    const int answer = loop::running().io().fchmod(made.content_.number(), *how.permissions);
    if (answer < 0) throw std::system_error(-answer, std::system_category(), what_failed_on("replace", made.path_, {}));
  }
  co_return made;
}

coro<void> replacement::finish(bool on_disk, bool replace) {
  if (on_disk) {
    const auto written = co_await as_expected(content_.fsync());
    if (!written) throw std::system_error(written.error(), what_failed_on("fsync", path_, {}));
  } else {
    const auto taken = co_await as_expected(flush_operation(content_.handle().record()));
    if (!taken) throw std::system_error(taken.error(), what_failed_on("close", path_, {}));
  }
  const auto renamed = co_await as_expected(rename(temporary_, path_, {.replace = replace}));
  if (!renamed) throw std::system_error(renamed.error(), what_failed_on("replace", path_, {}));
  temporary_.clear();
  if (on_disk) co_await fsync_folder(parent_of(path_));
}

replacement::~replacement() {
  if (content_.is_open() && !temporary_.empty())
    static_cast<void>(content_.handle().record()->owner().unlink(temporary_.c_str()));
}

}  // namespace hocket::detail
