#pragma once

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/base/process_layout.hpp>

namespace hocket {

/// A task's name in the space of a pointer: a number until somebody asks ("Task-7") or names it.
class task_name {
 public:
  explicit task_name(std::uint64_t number) noexcept : bits_(number << 1 | is_number) {}
  task_name(const task_name&) = delete;
  task_name& operator=(const task_name&) = delete;
  ~task_name() { drop(bits_); }

  /// The earlier name goes last: a handler of signals may read in the midst of this.
  void set(std::unique_ptr<std::string> name) noexcept {
    const std::uintptr_t before = std::exchange(bits_, reinterpret_cast<std::uintptr_t>(name.release()));
    std::atomic_signal_fence(std::memory_order_seq_cst);
    drop(before);
  }

  [[nodiscard]] std::string_view text() {
    if ((bits_ & is_number) != 0) set(std::make_unique<std::string>("Task-" + std::to_string(bits_ >> 1)));
    return *given();
  }

  /// The same where there is no memory to be had; `room` is for one that has only a number.
  [[nodiscard]] std::string_view text_in(std::span<char, 32> room) const noexcept {
    if ((bits_ & is_number) == 0) return *given();
    constexpr std::string_view prefix = "Task-";
    std::ranges::copy(prefix, room.begin());
    char* const digits = room.data() + prefix.size();
    return {room.data(), std::to_chars(digits, room.data() + room.size(), bits_ >> 1).ptr};
  }

 private:
  template <class>
  friend struct detail::process_layout;
  static constexpr std::uintptr_t is_number = 1;

  [[nodiscard]] std::string* given() const noexcept { return reinterpret_cast<std::string*>(bits_); }
  static void drop(std::uintptr_t bits) noexcept {
    if ((bits & is_number) == 0) delete reinterpret_cast<std::string*>(bits);
  }

  std::uintptr_t bits_;
};

}  // namespace hocket
