#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/io/file.hpp>

namespace hocket {

/// All that is in the file. Throws hocket::error if that is more than `limit` bytes, std::system_error.
/// Counterpart: Path.read_bytes.
[[nodiscard]] coro<std::string> read_file(std::string path, std::size_t limit = default_read_limit);

struct write_file_options {
  /// Behind what is there, instead of in its place.
  bool append = false;
  /// Of a file that is new, less what umask(2) takes away.
  unsigned mode = 0666;
};

/// Writes `bytes`, which must stay alive, to the file and makes it if it is not there. It writes where the old content is: if it
/// throws, that is lost, and an unknown part of the new is there. Counterpart: Path.write_bytes.
[[nodiscard]] coro<void> write_file(std::string path, std::string_view bytes, write_file_options options = {});

struct replace_file_options {
  /// Of the file, exactly; without it those of the file that is there, and of a new one 0666 less what umask(2) takes away.
  std::optional<unsigned> permissions{};
  /// Waits until it is on the disk, the name too. Without that a failure of power may leave an empty file.
  bool on_disk = true;
};

/// Puts a file with `bytes`, which must stay alive, in the place of what is at `path`, in one step: everybody sees, at any time,
/// all of the old content or all of the new. If it throws (also `cancelled`), the old file is as it was, and nothing is left of
/// the new one; only if waiting for the disk fails last, the new one is in place. It belongs to who runs the program; a symbolic
/// link is replaced, not followed; other names of the old file keep it. What is no regular file is refused.
///
/// It writes beside, in the same folder: write, fsync, rename, fsync of the folder.
[[nodiscard]] coro<void> replace_file(std::string path, std::string_view bytes, replace_file_options options = {});

}  // namespace hocket
