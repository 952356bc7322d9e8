#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace hocket::graph {

/// A file without a name that is mapped into memory: the system may write its pages out and take the memory back. Gone with its object.
class mapped_file {
 public:
  /// Made in `directory`, nothing long. Throws `hocket::error`.
  explicit mapped_file(const std::string& directory);
  mapped_file(mapped_file&& other) noexcept
      : number_(std::exchange(other.number_, -1)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  mapped_file& operator=(mapped_file&& other) noexcept {
    std::swap(number_, other.number_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~mapped_file();

  /// Makes it so many bytes long; the new ones are zero, and what was given out before is no longer valid. Its blocks are taken at once:
  /// a full disk is a `hocket::error` here, not a SIGBUS later.
  void grow(std::size_t bytes);

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  int number_ = -1;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A vector in a `mapped_file`: what grows with a crawl stands here, and so does not count as the program's own memory.
template <class Value>
class mapped_vector {
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  explicit mapped_vector(const std::string& directory) : file_(directory) {}
  mapped_vector(mapped_vector&& other) noexcept : file_(std::move(other.file_)), size_(std::exchange(other.size_, 0)) {}
  mapped_vector& operator=(mapped_vector&& other) noexcept {
    file_ = std::move(other.file_);
    std::swap(size_, other.size_);
    return *this;
  }

  void push_back(const Value& value) {
    const Value copy = value;  // it may stand in here
    reserve(size_ + 1);
    data()[size_++] = copy;
  }
  /// `values` stand elsewhere.
  void append(std::span<const Value> values) {
    reserve(size_ + values.size());
    std::ranges::copy(values, data() + size_);
    size_ += values.size();
  }
  /// The new ones are zero, if there were never more.
  void resize(std::size_t size) {
    reserve(size);
    size_ = size;
  }

  [[nodiscard]] Value& operator[](std::size_t number) noexcept { return data()[number]; }
  [[nodiscard]] const Value& operator[](std::size_t number) const noexcept { return data()[number]; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Value* data() noexcept { return reinterpret_cast<Value*>(file_.data()); }
  [[nodiscard]] const Value* data() const noexcept { return reinterpret_cast<const Value*>(file_.data()); }
  [[nodiscard]] std::span<const Value> values(std::size_t first, std::size_t count) const noexcept {
    return {data() + first, count};
  }

 private:
  void reserve(std::size_t count) {
    if (count * sizeof(Value) > file_.size()) file_.grow(std::max(count * sizeof(Value), 2 * file_.size()));
  }

  mapped_file file_;
  std::size_t size_ = 0;
};

}  // namespace hocket::graph
