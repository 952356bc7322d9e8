#pragma once

#include <cstdint>
#include <string>

#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>

namespace hocket {

struct copy_progress {
  std::uint64_t copied_bytes = 0;
  std::uint64_t size_bytes = 0;  // of what is copied, as it was at the beginning
};

struct copy_file_options {
  /// Whether it may take the place of what is there; otherwise that is EEXIST.
  bool replace = true;
  /// Waits until the copy is on the disk.
  bool on_disk = false;
  /// Called after each piece of 8 MiB, and at the end.
  function<void(copy_progress)> on_progress{};
};

/// Copies what is in the file `from` to the path `to`, with its permissions (0777), and gives how many bytes that is. What is no regular
/// file is refused, on either side. The copy appears at `to` when it is complete: if it throws (also `cancelled`), what was there
/// still is, and nothing is left of the copy.
///
/// The system copies, without the bytes coming to the program, and shares them on the disk if the file system can
/// (copy_file_range(2), on the blocking pool); where it cannot, they are read and written. A cancellation waits for the piece
/// that is under way. Counterpart: shutil.copy.
[[nodiscard]] coro<std::uint64_t> copy_file(std::string from, std::string to, copy_file_options options = {});

}  // namespace hocket
