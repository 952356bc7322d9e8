#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket {

class buffer_pool;

/// Received bytes in a buffer lent by the loop. Goes back when destroyed; keep it no longer than the bytes are needed.
class buffer {
 public:
  buffer() noexcept = default;
  buffer(buffer&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), slot_(other.slot_), bytes_(std::exchange(other.bytes_, {})) {}
  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = std::exchange(other.pool_, nullptr);
      slot_ = other.slot_;
      bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
  }
  ~buffer() { release(); }

  [[nodiscard]] std::span<char> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

  /// True if any bytes came: `while (auto data = co_await socket.receive())` ends at end of file.
  explicit operator bool() const noexcept { return !empty(); }

 private:
  friend class buffer_pool;
  buffer(buffer_pool* pool, std::uint32_t slot, std::span<char> bytes) noexcept
      : pool_(pool), slot_(slot), bytes_(bytes) {}
  void release() noexcept;

  buffer_pool* pool_ = nullptr;
  std::uint32_t slot_ = 0;
  std::span<char> bytes_;
};

/// The receive buffers of a loop: a small number of them, so that they stay in the cache, lent to whoever has bytes.
///
/// Nobody holds one while waiting. When all are lent out, further ones come from the heap: their number is bounded by the
/// tasks that have received bytes and not yet let go of them.
class buffer_pool {
 public:
  static constexpr std::size_t buffer_size_bytes = 16 * 1024;
  static constexpr std::uint32_t count = 256;  // a power of two, as io_uring's buffer rings must be

  buffer_pool();
  ~buffer_pool();
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;

  /// A free slot (the one used last, which the cache still holds), or a fresh one from the heap.
  [[nodiscard]] std::uint32_t take();

  [[nodiscard]] char* memory(std::uint32_t slot) const noexcept;
  [[nodiscard]] buffer lend(std::uint32_t slot, std::size_t size_bytes) noexcept {
    ++lent_;
    return {this, slot, {memory(slot), size_bytes}};
  }
  void give_back(std::uint32_t slot) noexcept;
  [[nodiscard]] std::size_t lent() const noexcept { return lent_; }

  /// A backend that hands the slots to the kernel is told of each that comes back.
  using returned_hook = void (*)(void* who, std::uint32_t slot) noexcept;
  void hand_over(returned_hook hook, void* who) noexcept;

 private:
  friend class buffer;
  static constexpr std::uint32_t from_heap = count;  // slots from here on are of the heap

  char* pool_memory_ = nullptr;
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<char[]>> heap_;
  std::vector<std::uint32_t> free_heap_;
  std::size_t lent_ = 0;
  returned_hook hook_ = nullptr;
  void* hook_owner_ = nullptr;
};

inline void buffer::release() noexcept {
  if (pool_ == nullptr) return;
  --pool_->lent_;
  std::exchange(pool_, nullptr)->give_back(slot_);
}

}  // namespace hocket
