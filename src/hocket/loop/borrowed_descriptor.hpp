#pragma once

#include <utility>

#include <hocket/loop/backend.hpp>

namespace hocket {

/// A number that stays its user's, borrowed from a backend for as long as this lives: it is never closed here.
class borrowed_descriptor {
 public:
  borrowed_descriptor() noexcept = default;
  /// Throws std::system_error (EBADF), which names the number.
  borrowed_descriptor(backend& from, int number) : record_(from.borrow(number)) {}
  borrowed_descriptor(borrowed_descriptor&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  borrowed_descriptor& operator=(borrowed_descriptor&& other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~borrowed_descriptor() {
    if (record_ != nullptr) record_->owner().give_back(record_);
  }

  [[nodiscard]] descriptor* record() const noexcept { return record_; }
  /// Files and folders are always ready, and no system tells when: epoll refuses them (EPERM), and so does every backend.
  [[nodiscard]] bool can_be_watched() const noexcept { return record_->is != descriptor::nature::file; }

 private:
  descriptor* record_ = nullptr;
};

}  // namespace hocket
