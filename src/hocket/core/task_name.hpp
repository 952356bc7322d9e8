#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hocket {

/// A task's name in the space of a pointer: a number until somebody asks ("Task-7") or names it.
class task_name {
 public:
  explicit task_name(std::uint64_t number) noexcept : bits_(number << 1 | is_number) {}
  task_name(const task_name&) = delete;
  task_name& operator=(const task_name&) = delete;
  ~task_name() { drop(); }

  void set(std::unique_ptr<std::string> name) noexcept {
    drop();
    bits_ = reinterpret_cast<std::uintptr_t>(name.release());
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
  static constexpr std::uintptr_t is_number = 1;

  [[nodiscard]] std::string* given() const noexcept { return reinterpret_cast<std::string*>(bits_); }
  void drop() noexcept {
    if ((bits_ & is_number) == 0) delete given();
  }

  std::uintptr_t bits_;
};

}  // namespace hocket
