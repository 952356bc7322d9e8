#pragma once

#include <string>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/io/file.hpp>

namespace hocket {

struct temporary_options {
  /// The folder to make it in; empty: that of the environment's TMPDIR, or /tmp.
  std::string directory{};
  std::string prefix = "hocket-";
  std::string suffix{};
};

/// A file without a name, to write and read; it is gone as soon as it is closed, however the program ends. O_TMPFILE, or a file
/// whose name is removed at once. Throws std::system_error. Counterpart: aiofiles.tempfile.TemporaryFile.
[[nodiscard]] coro<file> temporary_file(temporary_options options = {});

/// A file with a name that nobody foresees, for its owner only; removed when this is destroyed. Must not outlive its loop.
/// Counterpart: aiofiles.tempfile.NamedTemporaryFile.
class named_temporary_file {
 public:
  /// Throws std::system_error.
  [[nodiscard]] static coro<named_temporary_file> make(temporary_options options = {});
  named_temporary_file(named_temporary_file&& other) noexcept
      : content_(std::move(other.content_)), path_(std::exchange(other.path_, {})), system_(other.system_) {}
  named_temporary_file& operator=(named_temporary_file&&) = delete;
  ~named_temporary_file();

  /// To write and read. May be closed.
  [[nodiscard]] file& content() noexcept { return content_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Leaves it where it is, and gives its path.
  [[nodiscard]] std::string keep() noexcept { return std::exchange(path_, {}); }

 private:
  named_temporary_file(file content, std::string path);

  file content_;
  std::string path_;
  backend* system_;
};

/// A folder with a name that nobody foresees, for its owner only; removed with all that is in it. Must not outlive its loop.
///
/// `co_await folder.remove()` removes it without blocking the loop; what was not removed so, because of an exception or a
/// cancellation, the destructor removes at once, which blocks the loop for a while if there is much of it.
/// Counterpart: aiofiles.tempfile.TemporaryDirectory.
class temporary_directory {
 public:
  /// Throws std::system_error.
  [[nodiscard]] static coro<temporary_directory> make(temporary_options options = {});
  temporary_directory(temporary_directory&& other) noexcept
      : path_(std::exchange(other.path_, {})), system_(other.system_), removed_(other.removed_) {}
  temporary_directory& operator=(temporary_directory&&) = delete;
  ~temporary_directory();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The path of something in it.
  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Throws std::system_error, `cancelled`; then the destructor tries once more. Afterwards there is no folder.
  [[nodiscard]] coro<void> remove();
  /// Leaves it where it is, and gives its path.
  [[nodiscard]] std::string keep() noexcept { return std::exchange(path_, {}); }

 private:
  explicit temporary_directory(std::string path);

  std::string path_;
  backend* system_;
  bool removed_ = false;  // as far as is known: the destructor looks
};

}  // namespace hocket
