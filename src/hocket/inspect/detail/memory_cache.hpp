#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <hocket/inspect/memory.hpp>

namespace hocket::inspect::detail {

/// Reads another process's memory in large blocks, each once: what is read later is of the same moment as what stands beside it, and
/// the system is asked seldom. Throws `unreadable`, corrupted, when that would be too much.
class memory_cache {
 public:
  static constexpr std::size_t block_size = 64 * 1024;

  explicit memory_cache(memory& source, std::size_t most_bytes = std::size_t{1} << 30) noexcept
      : source_(source), most_blocks_(most_bytes / block_size) {}

  /// False if not all of it is there; then `to` holds anything.
  [[nodiscard]] bool read(address from, std::span<std::byte> to);

  template <class Value>
    requires std::is_trivially_copyable_v<Value>
  [[nodiscard]] bool read(address from, Value& to) {
    return read(from, std::as_writable_bytes(std::span(&to, 1)));
  }

  /// The characters up to a null; as many as `most` of them. Empty if they are not there.
  [[nodiscard]] std::string text(address from, std::size_t most);

  /// Reads again whatever it has read, and what it was asked for in vain while it was closed.
  void refresh();

  /// For what is read once, and not worth being kept.
  [[nodiscard]] memory& source() noexcept { return source_; }

  /// While it is closed, what it has not read is not there.
  void close(bool closed) noexcept { is_closed_ = closed; }

 private:
  static constexpr std::size_t page_size = 4096;
  static constexpr std::size_t pages = block_size / page_size;
  struct block {
    std::array<std::byte, block_size> bytes;
    std::array<bool, pages> present;
  };

  [[nodiscard]] const block* at(std::uint64_t number);
  [[nodiscard]] block& add(std::uint64_t number);
  void fill(block& filled, std::uint64_t number);

  memory& source_;
  const std::size_t most_blocks_;
  std::unordered_map<std::uint64_t, std::unique_ptr<block>> blocks_;
  bool is_closed_ = false;
  std::unordered_set<std::uint64_t> missed_;
  std::uint64_t last_number_ = UINT64_MAX;
  const block* last_ = nullptr;
};

}  // namespace hocket::inspect::detail
