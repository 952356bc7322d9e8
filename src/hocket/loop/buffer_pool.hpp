#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <hocket/loop/buffer.hpp>

namespace hocket {

/// The receive buffers of a loop: a small number of them, so that they stay in the cache, lent to whoever has bytes.
///
/// Nobody holds one while waiting. When all are lent out, further ones come from the heap: their number is bounded by the
/// tasks that have received bytes and not yet let go of them.
class buffer_pool final : public buffer_lender {
 public:
  static constexpr std::size_t buffer_size_bytes = 16 * 1024;
  static constexpr std::uint32_t count = 256;  // a power of two, as io_uring's buffer rings must be

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

  /// A backend that hands the slots to the kernel is told of each that comes back.
  using returned_hook = void (*)(void* who, std::uint32_t slot) noexcept;
  void hand_over(returned_hook hook, void* who) noexcept;

 private:
  static constexpr std::uint32_t from_heap = count;  // slots from here on are of the heap
  static constexpr std::size_t most_kept = 16;       // buffers of the heap that nobody uses

  void take_back(std::uint32_t slot) noexcept override;

  char* pool_memory_ = nullptr;
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<char[]>> heap_;
  std::vector<std::uint32_t> kept_;   // slots of the heap that are free and have memory
  std::vector<std::uint32_t> empty_;  // and that have none
  returned_hook hook_ = nullptr;
  void* hook_owner_ = nullptr;
};

}  // namespace hocket
