#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hocket::detail {

/// Bytes on their way out. Small ones are copied one behind the other; large strings that are given away are kept as they are.
class write_buffer {
 public:
  void append(std::string_view bytes) {
    text_ += bytes;
    size_ += bytes.size();
  }
  void append_owned(std::string bytes) {
    if (bytes.size() < worth_keeping) {
      append(bytes);
      return;
    }
    pieces_.reserve(pieces_.size() + 2);
    size_ += bytes.size();
    if (!text_.empty()) pieces_.push_back(std::exchange(text_, {}));
    pieces_.push_back(std::move(bytes));
  }

  /// So many of its bytes are gone; they stand here until `clear` all the same.
  void count_sent(std::size_t bytes) noexcept { size_ -= bytes; }

  /// What is not sent.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// True if all stands in one piece: `text`.
  [[nodiscard]] bool is_one_piece() const noexcept { return pieces_.empty(); }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// All pieces in order; valid until the next change.
  [[nodiscard]] std::span<const std::string_view> pieces() {
    views_.assign(pieces_.begin(), pieces_.end());
    if (!text_.empty()) views_.emplace_back(text_);
    return views_;
  }

  /// Keeps memory for few bytes only, so that a connection at rest costs little.
  void clear() noexcept {
    if (text_.capacity() > worth_keeping)
      text_ = {};
    else
      text_.clear();
    pieces_.clear();
    views_.clear();
    size_ = 0;
  }

 private:
  static constexpr std::size_t worth_keeping = 4096;

  std::vector<std::string> pieces_;  // before `text_`
  std::string text_;
  std::vector<std::string_view> views_;
  std::size_t size_ = 0;
};

}  // namespace hocket::detail
