#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <hocket/loop/buffer.hpp>

namespace hocket {

/// The buffers of a loop: a small number of them, so that they stay in the cache, lent to whoever has bytes to hold.
///
/// Nobody holds one while waiting. When all are lent out, further ones come from the heap: their number is bounded by the
/// tasks that have received bytes and not yet let go of them.
class buffer_pool final : public buffer_lender {
 public:
  static constexpr std::size_t buffer_size_bytes =
      20 * 1024;                               // whole pages; a TLS record of 16 KiB fits with its frame
  static constexpr std::uint32_t count = 512;  // a power of two, as io_uring's buffer rings must be

  buffer_pool();
  ~buffer_pool();

  /// A free slot (the one used last, which the cache still holds), or one from the heap.
  [[nodiscard]] std::uint32_t take();

  [[nodiscard]] char* memory(std::uint32_t slot) const noexcept;
  [[nodiscard]] buffer lend(std::uint32_t slot, std::size_t size_bytes) noexcept {
    return buffer_lender::lend(slot, {memory(slot), size_bytes});
  }
  /// A slot that was taken and not lent.
  void give_back(std::uint32_t slot) noexcept { take_back(slot); }

  /// For a kernel that chooses buffers itself, in the order in which it was given them: `give` hands it one. It is given no more
  /// than it has needed at once, so that they stay in the cache.
  using give_to_kernel = void (*)(void* who, std::uint32_t slot) noexcept;
  void serve_kernel(give_to_kernel give, void* who) noexcept;
  /// The kernel has chosen one, which is lent or given back next.
  void chosen_by_kernel() noexcept { --in_kernel_; }
  /// The kernel has none left. True if it was given more.
  [[nodiscard]] bool kernel_ran_dry() noexcept;

 private:
  static constexpr std::uint32_t from_heap = count;  // slots from here on are of the heap
  static constexpr std::size_t most_kept = 16;       // buffers of the heap that nobody uses
  static constexpr std::uint32_t most_in_kernel = count / 2;

  void take_back(std::uint32_t slot) noexcept override;
  void supply_kernel() noexcept;

  char* pool_memory_ = nullptr;
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<char[]>> heap_;
  std::vector<std::uint32_t> kept_;   // slots of the heap that are free and have memory
  std::vector<std::uint32_t> empty_;  // and that have none
  give_to_kernel give_ = nullptr;
  void* kernel_ = nullptr;
  std::uint32_t in_kernel_ = 0;
  std::uint32_t wanted_in_kernel_ = 32;
};

}  // namespace hocket
