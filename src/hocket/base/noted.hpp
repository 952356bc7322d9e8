#pragma once

#include <type_traits>

namespace hocket::detail {

#if defined(HOCKET_WITHOUT_NOTES)
inline constexpr bool keeps_notes = false;
#else
inline constexpr bool keeps_notes = true;
#endif

/// A field that nothing of what a program does depends on, kept for who looks at it: reports, and other processes
/// (base/process_table.hpp). A build with `HOCKET_NOTES=OFF` has none of them, to show what they cost; there it is always `Value()`.
template <class Value>
  requires std::is_trivially_copyable_v<Value>
class noted {
 public:
  constexpr noted() noexcept = default;
  constexpr noted([[maybe_unused]] Value value) noexcept { set(value); }

#if defined(HOCKET_WITHOUT_NOTES)
  constexpr void set(Value) noexcept {}
  [[nodiscard]] constexpr Value get() const noexcept { return {}; }
#else
  constexpr void set(Value value) noexcept { value_ = value; }
  [[nodiscard]] constexpr Value get() const noexcept { return value_; }

 private:
  Value value_{};
#endif
};

}  // namespace hocket::detail
