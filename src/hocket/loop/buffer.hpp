#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace hocket {

class buffer;

/// Whoever lends buffers and takes them back: a backend's pool, a simulator, a layer of a stream.
class buffer_lender {
 public:
  buffer_lender(const buffer_lender&) = delete;
  buffer_lender& operator=(const buffer_lender&) = delete;

  /// Buffers that are lent and not back yet.
  [[nodiscard]] std::size_t lent() const noexcept { return lent_; }

 protected:
  buffer_lender() noexcept = default;
  ~buffer_lender() = default;

  /// The lender must outlive what it has lent. Precondition: less than 4 GiB.
  [[nodiscard]] buffer lend(std::uint32_t slot, std::span<char> bytes) noexcept;
  /// The one that was lent as `slot` is back.
  virtual void take_back(std::uint32_t slot) noexcept = 0;

 private:
  friend class buffer;
  std::size_t lent_ = 0;
};

/// Bytes in memory that somebody lends, most often received ones in a buffer of the loop. Goes back when destroyed; keep it
/// no longer than the bytes are needed.
class buffer {
 public:
  buffer() noexcept = default;
  buffer(buffer&& other) noexcept
      : lender_(std::exchange(other.lender_, nullptr)),
        slot_(other.slot_),
        size_(std::exchange(other.size_, 0)),
        data_(std::exchange(other.data_, nullptr)) {}
  buffer& operator=(buffer&& other) noexcept {
    if (this != &other) {
      release();
      lender_ = std::exchange(other.lender_, nullptr);
      slot_ = other.slot_;
      size_ = std::exchange(other.size_, 0);
      data_ = std::exchange(other.data_, nullptr);
    }
    return *this;
  }
  ~buffer() { release(); }

  [[nodiscard]] std::span<char> bytes() const noexcept { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const noexcept { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// True if any bytes came: `while (auto data = co_await socket.receive())` ends at end of file.
  explicit operator bool() const noexcept { return !empty(); }

  /// Shows less of it: without the first `count` bytes, or only the first `count`. Precondition: it has as many.
  void remove_prefix(std::size_t count) noexcept {
    data_ += count;
    size_ -= static_cast<std::uint32_t>(count);
  }
  void truncate(std::size_t count) noexcept { size_ = static_cast<std::uint32_t>(count); }

 private:
  friend class buffer_lender;
  buffer(buffer_lender* lender, std::uint32_t slot, std::span<char> bytes) noexcept
      : lender_(lender), slot_(slot), size_(static_cast<std::uint32_t>(bytes.size())), data_(bytes.data()) {}
  void release() noexcept {
    if (lender_ == nullptr) return;
    --lender_->lent_;
    std::exchange(lender_, nullptr)->take_back(slot_);
  }

  buffer_lender* lender_ = nullptr;
  std::uint32_t slot_ = 0;
  std::uint32_t size_ = 0;
  char* data_ = nullptr;
};

inline buffer buffer_lender::lend(std::uint32_t slot, std::span<char> bytes) noexcept {
  ++lent_;
  return {this, slot, bytes};
}

}  // namespace hocket
