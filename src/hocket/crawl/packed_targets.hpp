#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include <hocket/crawl/target.hpp>

namespace hocket::crawl {

/// URLs that wait in a row and of which no attempt was made: each takes its text and 24 bytes. Memory grows and shrinks with them.
class packed_targets {
 public:
  /// Must be new: see `target`.
  void push_back(const target& next);

  /// Must not be empty.
  target pop_front();
  target pop_back();

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct block {
    std::unique_ptr<char[]> bytes;
    std::size_t capacity;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  char* room_for(std::size_t bytes);
  void forget(std::list<block>::iterator emptied);

  std::list<block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace hocket::crawl
