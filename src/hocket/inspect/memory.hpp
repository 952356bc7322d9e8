#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace hocket::inspect {

/// An address in another process.
using address = std::uint64_t;

/// The memory of another process: of a living one, or of one whose memory was kept.
class memory {
 public:
  memory() noexcept = default;
  memory(const memory&) = delete;

  /// Copies what stands at `from`. False if that is not all there; then `to` holds anything. Throws `unreadable` if there is nothing
  /// to be read any more.
  [[nodiscard]] virtual bool read(address from, std::span<std::byte> to) = 0;

  struct piece {
    address from;
    std::span<std::byte> to;
  };
  /// Copies pieces in their order, up to one that is not all there, and asks the system as seldom as it can. How many it has copied.
  /// Throws as `read`.
  [[nodiscard]] virtual std::size_t read_pieces(std::span<const piece> pieces) {
    std::size_t count = 0;
    while (count < pieces.size() && read(pieces[count].from, pieces[count].to)) ++count;
    return count;
  }

 protected:
  ~memory() = default;
};

/// A piece of a program or of a library, as the system has put it there: a line of proc_pid_maps(5).
struct mapping {
  address begin = 0;
  address end = 0;
  std::uint64_t offset = 0;  // in the file
  bool readable = false;
  std::string path{};
};

}  // namespace hocket::inspect
